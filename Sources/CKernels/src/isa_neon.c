// NEON, which every AArch64 has: four-wide vectors, tiles of 3 x 32 (24 of the 32 registers hold sums).
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#define DOT4_SMULL
#define VL 4
#define MR 3
#define TABLE mynah_kernels_neon_smull
#define TABLE_NAME "neon-smull"
#define TABLE_FAMILY "neon"
#include "table.inc"
#endif
