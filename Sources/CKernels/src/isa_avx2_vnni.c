// AVX2 with AVX-VNNI: as AVX2, but 8-bit dot products are one instruction.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)
#define DOT4_AVX_VNNI
#define VL 8
#define MR 3
#define TABLE mynah_kernels_avx2_vnni
#define TABLE_NAME "avx2-vnni"
#define TABLE_FAMILY "avx2"
#include "table.inc"
#pragma clang attribute pop
#endif
