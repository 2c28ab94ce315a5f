// AVX-512 with VNNI: sixteen-wide vectors, tiles of 9 x 32 (18 of the 32 registers hold sums).
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))),               \
    apply_to = function)
#define VL 16
#define MR 9
#define DOT4_VNNI
#define TABLE mynah_kernels_avx512
#define TABLE_NAME "avx512"
#define TABLE_FAMILY "avx512"
#include "table.inc"
#pragma clang attribute pop
#endif
