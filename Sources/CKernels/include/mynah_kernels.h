/// Kernels of the CPU backend: C with SIMD, no allocation, no threads, no abort.
#ifndef MYNAH_KERNELS_H
#define MYNAH_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Tells the core that this is a spin loop.
static inline void mynah_cpu_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

#endif
