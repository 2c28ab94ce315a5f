#include "mynah_kernels.h"
