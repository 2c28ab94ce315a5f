// The avx2-vnni table with vpdpbusd in the encoding of AVX-512 VL, which means the same on the same registers: so
// that processors with AVX-512, which often lack AVX-VNNI, check its arithmetic too.
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512vl,avx512vnni"))), apply_to = function)
#define _mm256_dpbusd_avx_epi32 _mm256_dpbusd_epi32
#define DOT4_AVX_VNNI
#define VL 8
#define MR 3
#define TABLE kernel_check_evex
#define TABLE_NAME "avx2-vnni"
#define TABLE_FAMILY "avx2"
#include "table.inc"
#pragma clang attribute pop
