// The AudioVAE's kernels against plain loops in double precision.
#include <math.h>
#include <string.h>

#include "check.h"

static double snake_of(float x, float alpha, float inverse) {
    const double sine = sin((double)x * (double)alpha);
    return (double)x + sine * sine * (double)inverse;
}

static void check_snake(const mynah_kernels *table, size_t channels, int in_place) {
    enum { ROWS = 7 };
    float *x = random_rows(1, ROWS * channels, ROWS * channels, -3, 3);
    x[channels] = 5000;
    x[2 * channels] = -800;
    float *before = take(ROWS * channels * sizeof(float));
    memcpy(before, x, ROWS * channels * sizeof(float));
    const float *alpha = random_rows(1, channels, channels, 0.1f, 1.5f);
    float *inverse = take(channels * sizeof(float)), *out = in_place ? x : blank(ROWS * channels);
    for (size_t c = 0; c < channels; c++) inverse[c] = 1 / (alpha[c] + 1e-9f);
    table->snake(x, alpha, inverse, channels, out, 0, 3);
    table->snake(x, alpha, inverse, channels, out, 3, ROWS);
    about("snake of %zu channels", channels);
    for (size_t i = 0; i < ROWS * channels; i++) {
        const size_t c = i % channels;
        // The argument's own rounding counts where it is large.
        const double angle = fabs((double)before[i] * (double)alpha[c]);
        const double tolerance = (3e-7 + angle * 1.2e-7) * (double)inverse[c] + 2e-7;
        expect_near((double)out[i], snake_of(before[i], alpha[c], inverse[c]), tolerance, "an activated value");
    }
    give_back();
}

static void check_depthwise(const mynah_kernels *table, size_t channels, size_t taps, size_t dilation, int form) {
    enum { ROWS = 37 };
    const size_t history = (taps - 1) * dilation;
    const float *storage = random_rows(1, (history + ROWS) * channels, (history + ROWS) * channels, -1, 1);
    const float *x = storage + history * channels;
    const float *weights = random_rows(1, taps * channels, taps * channels, -1, 1);
    const float *bias = form & 1 ? random_rows(1, channels, channels, -1, 1) : NULL;
    const float *alpha = form & 2 ? random_rows(1, channels, channels, 0.1f, 2) : NULL;
    float *inverse = take(channels * sizeof(float));
    for (size_t c = 0; c < channels; c++) inverse[c] = alpha ? 1 / alpha[c] : 0;
    float *out = blank(ROWS * channels), *again = blank(ROWS * channels);
    mynah_depthwise call = {
        .x = x,
        .channels = channels,
        .taps = taps,
        .dilation = dilation,
        .weights = weights,
        .bias = bias,
        .alpha = alpha,
        .inverse = alpha ? inverse : NULL,
        .out = out,
    };
    table->depthwise(&call, 0, ROWS);
    about("depthwise, %zu channels, %zu taps %zu apart", channels, taps, dilation);
    for (size_t row = 0; row < ROWS; row++)
        for (size_t c = 0; c < channels; c++) {
            double sum = bias ? (double)bias[c] : 0;
            for (size_t k = 0; k < taps; k++)
                sum += (double)storage[(row + k * dilation) * channels + c] * (double)weights[k * channels + c];
            double expected = sum, tolerance = 2e-6;
            if (alpha) {
                const double sine = sin(sum * (double)alpha[c]);
                expected += sine * sine * (double)inverse[c];
                tolerance = 4e-6 + 4e-7 * (double)inverse[c];
            }
            expect_near((double)out[row * channels + c], expected, tolerance, "a convolved value");
        }
    // The same wherever tiles begin.
    call.out = again;
    table->depthwise(&call, 0, 1);
    table->depthwise(&call, 1, 20);
    table->depthwise(&call, 20, ROWS);
    for (size_t i = 0; i < ROWS * channels; i++) expect_same(again[i], out[i], "a value of other tiles");
    give_back();
}

static void check_filter(const mynah_kernels *table, size_t k, size_t stride) {
    enum { ROWS = 6 };
    const size_t count = (ROWS - 1) * stride + k;
    const float *x = random_rows(1, count, count, -1, 1), *weights = random_rows(1, k, k, -1, 1);
    float *out = blank(ROWS);
    table->filter(x, stride, weights, k, 0.25f, out, 0, 4);
    table->filter(x, stride, weights, k, 0.25f, out, 4, ROWS);
    about("filter of %zu", k);
    for (size_t row = 0; row < ROWS; row++) {
        double sum = 0.25;
        for (size_t i = 0; i < k; i++) sum += (double)x[row * stride + i] * (double)weights[i];
        expect_near((double)out[row], sum, 1e-6 * fmax(1, sqrt((double)k) / 4), "a filtered value");
    }
    give_back();
}

static void check_tanh(const mynah_kernels *table) {
    enum { COUNT = 61 };
    float *x = random_rows(1, COUNT, COUNT, -4, 4), before[COUNT];
    x[5] = 100;
    x[6] = -100;
    memcpy(before, x, sizeof before);
    table->tanh(x, 3, 40);
    about("tanh");
    for (size_t i = 0; i < COUNT; i++) {
        if (i < 3 || i >= 40) {
            expect_same(x[i], before[i], "a value out of range");
        } else {
            expect_near((double)x[i], tanh((double)before[i]), 1e-6, "a value");
        }
    }
    give_back();
}

void check_convolution(const mynah_kernels *table) {
    static const size_t channels[] = {1, 3, 4, 5, 8, 15, 16, 17, 33, 64, 70};
    for (size_t i = 0; i < 11; i++) {
        check_snake(table, channels[i], 0);
        check_snake(table, channels[i], 1);
        for (int form = 0; form < 4; form++) {
            static const size_t taps[][2] = {{1, 1}, {2, 3}, {7, 1}, {7, 3}, {7, 9}, {16, 2}};
            for (size_t t = 0; t < 6; t++) check_depthwise(table, channels[i], taps[t][0], taps[t][1], form);
        }
    }
    static const size_t widths[] = {1, 3, 7, 16, 31, 64, 65, 224, 1001};
    for (size_t i = 0; i < 9; i++) {
        check_filter(table, widths[i], widths[i] + 2);
        check_filter(table, widths[i], (widths[i] + 6) / 7);
    }
    check_tanh(table);
}
