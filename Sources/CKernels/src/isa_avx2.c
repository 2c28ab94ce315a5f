// AVX2 and FMA: eight-wide vectors, tiles of 3 x 32; 8-bit dot products out of maddubs.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define DOT4_MADDUBS
#define VL 8
#define MR 3
#define TABLE mynah_kernels_avx2
#define TABLE_NAME "avx2-maddubs"
#define TABLE_FAMILY "avx2"
#include "table.inc"
#pragma clang attribute pop
#endif
