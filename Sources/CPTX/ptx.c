#include "mynah_ptx.h"

// A resource of SwiftPM would become one literal for each byte, which takes the compiler minutes.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char text[] = {
#embed "kernels.ptx"
    , 0
};

const char *mynah_ptx(void) { return text; }
