// What the checks share: memory that nobody may leave, numbers from a seed, and the count of faults.
#ifndef KERNEL_CHECK_H
#define KERNEL_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "mynah_kernels.h"

/// What stands in memory that a kernel must not write.
#define SENTINEL (-12345.678f)

/// Memory of exactly that size: what lies behind it cannot be touched, what lies before it is checked by `give_back`.
void *take(size_t bytes);
/// Frees all that was taken since the last time, and reports what was written in front of it.
void give_back(void);

/// `count` floats that hold the sentinel.
float *blank(size_t count);
/// `rows x columns` random floats in rows `stride` apart; the gaps are NaN, so that who reads them spoils the result.
float *random_rows(size_t rows, size_t columns, size_t stride, float low, float high);
float random_float(float low, float high);
/// An integer in `[low, high]`.
int random_int(int low, int high);

/// What the following expectations are about: printed with each fault.
void about(const char *format, ...) __attribute__((format(printf, 1, 2)));
void expect(int holds, const char *what);
/// `|actual - expected| <= tolerance * max(1, |expected|)`, and no NaN.
void expect_near(double actual, double expected, double tolerance, const char *what);
/// The same bits; two zeros are equal.
void expect_same(float actual, float expected, const char *what);
/// Whether the gaps between rows still hold the sentinel.
void expect_gaps(const float *out, size_t rows, size_t columns, size_t stride);

/// All faults so far, and all expectations.
extern size_t fault_count, expectation_count;

void check_linear(const mynah_kernels *table);
void check_int8(const mynah_kernels *table);
void check_transformer(const mynah_kernels *table);
void check_convolution(const mynah_kernels *table);

/// A layer of `rows` rows, `k` inputs and `n` outputs; `gated` layers have panels of 16 gates and 16 partners.
typedef struct {
    size_t rows, k, n;
    int is_gated;
} layer_shape;

size_t panel_count(layer_shape shape);
/// The output that a column of a panel belongs to, `n` where it is padding. Partners come after all gates.
size_t output_of_column(layer_shape shape, size_t panel, size_t column);

/// Calls a kernel in four parts (panels and rows halved) with one epilogue, and compares with plain sums.
typedef struct {
    layer_shape shape;
    mynah_linear call;     ///< all but what the epilogue needs
    const double *sums;    ///< `[rows, n]`, without the bias
    const float *bias;     ///< `[n]`, or NULL
    double tolerance;      ///< of the sums, relative to the largest of 1, the sum and `k / 16`
    void (*kernel)(const mynah_linear *, size_t, size_t, size_t, size_t);
} layer_check;

void check_epilogue(const layer_check *check, mynah_epilogue epilogue);
/// The same with every epilogue that the shape allows, without and with `bias`.
void check_epilogues(layer_check check, const float *bias);

#endif
