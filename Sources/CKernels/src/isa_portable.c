// The portable form: four-wide vectors, which every compiler lowers to what the base instruction set has (SSE2, NEON).
#define VL 4
#define MR 3
#define TABLE mynah_kernels_portable
#define TABLE_NAME "scalar"
#define TABLE_FAMILY "scalar"
#include "table.inc"
