#include <string.h>

#include "mynah_kernels.h"

extern const mynah_kernels mynah_kernels_portable;
#if defined(__x86_64__)
extern const mynah_kernels mynah_kernels_avx2;
extern const mynah_kernels mynah_kernels_avx512;

static int runs_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

static int runs_avx512(void) {
    return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
}
#endif

const mynah_kernels *mynah_kernels_for(const char *name) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!name) {
        if (runs_avx512()) return &mynah_kernels_avx512;
        if (runs_avx2()) return &mynah_kernels_avx2;
        return &mynah_kernels_portable;
    }
    if (strcmp(name, "avx512") == 0) return runs_avx512() ? &mynah_kernels_avx512 : NULL;
    if (strcmp(name, "avx2") == 0) return runs_avx2() ? &mynah_kernels_avx2 : NULL;
#else
    if (!name) return &mynah_kernels_portable;
#endif
    if (strcmp(name, "scalar") == 0 || strcmp(name, mynah_kernels_portable.name) == 0) return &mynah_kernels_portable;
    return NULL;
}
