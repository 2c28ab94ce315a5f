// The portable form: four-wide vectors, which every compiler lowers to what the base instruction set has (SSE2, NEON).
#define VL 4
#define MR 3
#define TABLE mynah_kernels_portable
#if defined(__aarch64__)
#define TABLE_NAME "neon"
#else
#define TABLE_NAME "scalar"
#endif
#include "table.inc"
