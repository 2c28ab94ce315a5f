// Micro-benchmarks of the kernels: the shapes of VoxCPM-1.5, each timed alone on one core or on several at once.
#ifndef KERNEL_BENCH_H
#define KERNEL_BENCH_H

#include <stddef.h>

#include "mynah_kernels.h"

/// What a kernel is measured against.
typedef enum { FLOATS, INTEGERS, MEMORY } yardstick;

/// One kernel on data of one size.
typedef struct {
    char name[64];
    double operations; ///< multiplications and additions of one call
    double bytes;      ///< weights, keys and values, or samples that one call reads and writes
    yardstick bound;   ///< what ought to limit it
    /// Calls the kernel; `turn` counts the calls, so that data may change its place in memory.
    void (*call)(const mynah_kernels *, void *data, size_t turn);
    void *data;
} bench;

/// The most benchmarks that `make_benches` gives.
#define MOST_BENCHES 64

/// Lays out every benchmark's data, some hundred megabytes; returns how many there are.
size_t make_benches(bench out[MOST_BENCHES]);

/// Frees what `make_benches` allocated.
void free_benches(void);

#endif
