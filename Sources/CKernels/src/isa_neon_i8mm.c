// NEON with the 8-bit matrix products of Armv8.6 (smmla), tiles of 4 x 16; sdot where there is one row only.
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)
#define DOT4_SDOT
#define DOT8_SMMLA
#define VL 4
#define MR 3
#define TABLE mynah_kernels_neon_i8mm
#define TABLE_NAME "neon-i8mm"
#define TABLE_FAMILY "neon"
#include "table.inc"
#pragma clang attribute pop
#endif
