// Times every kernel and prints a table: microseconds a call, 10^9 operations and bytes a second of one core, and the
// share of what the core measurably can do.
//
//     kernel-bench [--cores N] [--table NAME] [WORD]      only benchmarks whose name contains the word
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/// The median of seven rounds of at least 20 ms, in seconds a call.
static double time_of(const mynah_kernels *kernels, const bench *b) {
    double rounds[7];
    size_t turn = 0, calls = 1;
    for (size_t round = 0; round < 7;) {
        const double start = seconds();
        for (size_t i = 0; i < calls; i++) b->call(kernels, b->data, turn++);
        const double passed = seconds() - start;
        if (passed < 0.02) {
            calls *= 2;
            continue;
        }
        double time = passed / (double)calls;
        for (size_t i = 0; i < round; i++)
            if (rounds[i] > time) {
                const double larger = rounds[i];
                rounds[i] = time;
                time = larger;
            }
        rounds[round++] = time;
    }
    return rounds[3];
}

static const char *const units[] = {[FLOATS] = "GFLOP/s", [INTEGERS] = "Gop/s", [MEMORY] = "GB/s"};

static double speed(const bench *b, double time) {
    return (b->bound == MEMORY ? b->bytes : b->operations) / time * 1e-9;
}

int main(int count, char **words) {
    size_t cores = 1;
    const char *name = getenv("MYNAH_CPU"), *wanted = "";
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--cores") == 0 && i + 1 < count) {
            cores = (size_t)atoi(words[++i]);
        } else if (strcmp(words[i], "--table") == 0 && i + 1 < count) {
            name = words[++i];
        } else {
            wanted = words[i];
        }
    }
    const mynah_kernels *kernels = mynah_kernels_for(name);
    if (!kernels || cores < 1 || cores > 256) {
        fprintf(stderr, "kernel-bench: this machine has no kernels \"%s\", or %zu is no number of cores\n",
                name ? name : "", cores);
        return 2;
    }
    // The same work in every process at once: each times itself, and the first one prints.
    for (size_t other = 1; other < cores; other++)
        if (fork() == 0) {
            wanted = freopen("/dev/null", "w", stdout) ? wanted : "";
            break;
        }
    static bench benches[MOST_BENCHES];
    const size_t made = make_benches(benches);
    double peaks[3] = {0, 0, 0};
    // The yardsticks come first, whatever was asked for.
    for (size_t i = 0; i < made; i++)
        if (strncmp(benches[i].name, "peak", 4) == 0) {
            const double reached = speed(&benches[i], time_of(kernels, &benches[i]));
            double *peak = &peaks[benches[i].bound];
            if (reached > *peak) *peak = reached;
        }
    printf("%s, one of %zu busy cores: %.0f GFLOP/s in floats, %.0f Gop/s in 8-bit integers, %.1f GB/s from memory\n",
           kernels->name, cores, peaks[FLOATS], peaks[INTEGERS], peaks[MEMORY]);
    printf("%-42s %10s %17s %8s\n", "kernel", "us", "speed", "of peak");
    for (size_t i = 0; i < made; i++) {
        const bench *b = &benches[i];
        if (strncmp(b->name, "peak", 4) == 0 || !strstr(b->name, wanted)) continue;
        const double time = time_of(kernels, b), reached = speed(b, time);
        printf("%-42s %10.1f %9.1f %-7s %6.0f %%\n", b->name, time * 1e6, reached, units[b->bound],
               100 * reached / peaks[b->bound]);
        fflush(stdout);
    }
    free_benches();
    while (wait(NULL) > 0) {}
    return 0;
}
