// NEON with the 8-bit dot products of Armv8.2 (sdot).
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define DOT4_SDOT
#define VL 4
#define MR 3
#define TABLE mynah_kernels_neon_dotprod
#define TABLE_NAME "neon-dotprod"
#define TABLE_FAMILY "neon"
#include "table.inc"
#pragma clang attribute pop
#endif
