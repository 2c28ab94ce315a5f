// Which tables this machine runs, found out at run time.
#include <string.h>

#include "mynah_kernels.h"

extern const mynah_kernels mynah_kernels_portable;

static int runs_always(void) { return 1; }

#if defined(__x86_64__)
#include <cpuid.h>

extern const mynah_kernels mynah_kernels_avx2, mynah_kernels_avx2_vnni, mynah_kernels_avx512;

static int has_avx2(void) { return __builtin_cpu_supports("avx2"); }
static int has_fma(void) { return __builtin_cpu_supports("fma"); }
static int has_f16c(void) { return __builtin_cpu_supports("f16c"); }
static int has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
static int has_avx512_vnni(void) { return __builtin_cpu_supports("avx512vnni"); }
// Asked of the processor itself: not every runtime library of the compilers knows this one. That the system keeps its
// registers follows from AVX2, which it needs anyway.
static int has_avx_vnni(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || a < 1) return 0;
    return has_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

static int runs_avx2(void) { return has_avx2() && has_fma() && has_f16c(); }
static int runs_avx2_vnni(void) { return runs_avx2() && has_avx_vnni(); }
static int runs_avx512(void) { return runs_avx2() && has_avx512() && has_avx512_vnni(); }
#elif defined(__aarch64__)
#include <sys/auxv.h>

#ifndef HWCAP_ASIMDDP
#define HWCAP_ASIMDDP (1 << 20)
#endif
#ifndef HWCAP2_I8MM
#define HWCAP2_I8MM (1 << 13)
#endif

extern const mynah_kernels mynah_kernels_neon_smull, mynah_kernels_neon_dotprod, mynah_kernels_neon_i8mm;

static int has_dotprod(void) { return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0; }
static int has_i8mm(void) { return (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0; }
static int runs_i8mm(void) { return has_dotprod() && has_i8mm(); }
#endif

/// All tables, the best first.
static const struct {
    const mynah_kernels *table;
    int (*runs)(void);
} tables[] = {
#if defined(__x86_64__)
    {&mynah_kernels_avx512, runs_avx512},
    {&mynah_kernels_avx2_vnni, runs_avx2_vnni},
    {&mynah_kernels_avx2, runs_avx2},
#elif defined(__aarch64__)
    {&mynah_kernels_neon_i8mm, runs_i8mm},
    {&mynah_kernels_neon_dotprod, has_dotprod},
    {&mynah_kernels_neon_smull, runs_always},
#endif
    {&mynah_kernels_portable, runs_always},
};

/// The features that decide.
static const struct {
    const char *name;
    int (*is_present)(void);
} features[] = {
#if defined(__x86_64__)
    {"avx2", has_avx2},     {"fma", has_fma},
    {"f16c", has_f16c},     {"avx-vnni", has_avx_vnni},
    {"avx512", has_avx512}, {"avx512-vnni", has_avx512_vnni},
#elif defined(__aarch64__)
    {"neon", runs_always},
    {"dotprod", has_dotprod},
    {"i8mm", has_i8mm},
#else
    {"none", NULL},
#endif
};

const mynah_kernels *mynah_kernels_at(size_t index) {
#if defined(__x86_64__)
    __builtin_cpu_init();
#endif
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i].runs() && index-- == 0) return tables[i].table;
    return NULL;
}

const mynah_kernels *mynah_kernels_for(const char *name) {
    const mynah_kernels *table;
    for (size_t i = 0; (table = mynah_kernels_at(i)); i++)
        if (!name || strcmp(name, table->family) == 0 || strcmp(name, table->name) == 0) return table;
    return NULL;
}

const char *mynah_cpu_feature(size_t index) {
#if defined(__x86_64__)
    __builtin_cpu_init();
#endif
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (features[i].is_present && features[i].is_present() && index-- == 0) return features[i].name;
    return NULL;
}
