// Every kernel of every instruction set that this machine runs, against plain C: integers to the bit, floats within a
// stated tolerance, and no touch of foreign memory.
//
//     kernel-check [--best] [NAME...]
//
// NAME: the tables that must be there, in this order; without names, whatever there is. --best checks the first only.
//
// Exit codes: 0 all well, 1 a kernel is wrong, 2 the check itself failed, 3 other tables than those named.
#include <stdio.h>
#include <string.h>

#include "check.h"

#ifdef EVEX_TABLE
extern const mynah_kernels kernel_check_evex;
#endif

static void check_table(const mynah_kernels *table, const char *note) {
    const size_t faults = fault_count, expectations = expectation_count;
    check_linear(table);
    check_int8(table);
    check_transformer(table);
    check_convolution(table);
    printf(
        "%-14s %7zu expectations, %zu faults%s\n", table->name, expectation_count - expectations, fault_count - faults,
        note);
    fflush(stdout);
}

int main(int count, char **names) {
    const int best_only = count > 1 && strcmp(names[1], "--best") == 0;
    count -= best_only;
    names += best_only;
    printf("features:");
    const char *feature;
    for (size_t i = 0; (feature = mynah_cpu_feature(i)); i++) printf(" %s", feature);
    printf("\n");
    const mynah_kernels *table;
    size_t found = 0;
    for (; (table = mynah_kernels_at(found)); found++) {
        if (count > 1 && (found + 1 >= (size_t)count || strcmp(names[found + 1], table->name) != 0)) {
            printf("unexpected table %s\n", table->name);
            return 3;
        }
        if (found == 0 || !best_only) check_table(table, "");
    }
    if (count > 1 && found + 1 != (size_t)count) {
        printf("missing table %s\n", names[found + 1]);
        return 3;
    }
#ifdef EVEX_TABLE
    if (mynah_kernels_for("avx512")) check_table(&kernel_check_evex, " (avx2-vnni in the encoding of AVX-512)");
#endif
    return fault_count ? 1 : 0;
}
