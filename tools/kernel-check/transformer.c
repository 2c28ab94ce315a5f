// Normalisation, rotary embedding and attention against plain loops in double precision.
#include <math.h>
#include <string.h>

#include "check.h"

static void check_norm(const mynah_kernels *table, size_t n) {
    enum { ROWS = 5 };
    const size_t x_stride = n + 7, stride = n + 2;
    float *x = random_rows(ROWS, n, x_stride, -3, 3);
    const float *weight = random_rows(1, n, n, -1, 1);
    float *out = blank((ROWS - 1) * stride + n);
    for (size_t i = 0; i < n; i++) x[3 * x_stride + i] = 0;
    table->rms_norm(x, x_stride, weight, 1e-5f, n, out, stride, 0, 2);
    table->rms_norm(x, x_stride, weight, 1e-5f, n, out, stride, 2, ROWS);
    about("norm of %zu", n);
    expect_gaps(out, ROWS, n, stride);
    for (size_t row = 0; row < ROWS; row++) {
        double squares = 0;
        for (size_t i = 0; i < n; i++) squares += (double)x[row * x_stride + i] * (double)x[row * x_stride + i];
        const double factor = 1 / sqrt(squares / (double)n + (double)1e-5f);
        for (size_t i = 0; i < n; i++)
            expect_near(
                (double)out[row * stride + i], (double)x[row * x_stride + i] * factor * (double)weight[i], 2e-6,
                "a normalised value");
    }
    give_back();
}

static void check_rotary(
    const mynah_kernels *table, size_t heads, size_t kv_heads, size_t size, int has_table, int has_cache) {
    enum { ROWS = 5, POSITIONS = 9, SLOTS = 7 };
    const size_t half = size / 2, width = (heads + 2 * kv_heads) * size, stride = width + 3, cached = kv_heads * size;
    float *before = random_rows(ROWS, width, stride, -1, 1), *qkv = take(((ROWS - 1) * stride + width) * sizeof(float));
    memcpy(qkv, before, ((ROWS - 1) * stride + width) * sizeof(float));
    float *cosines = random_rows(1, POSITIONS * half, POSITIONS * half, -1, 1);
    float *sines = random_rows(1, POSITIONS * half, POSITIONS * half, -1, 1);
    int32_t *positions = take(ROWS * 4), *slots = take(ROWS * 4);
    memcpy(positions, (int32_t[]){0, 8, 3, 3, 1}, ROWS * 4);
    memcpy(slots, (int32_t[]){6, 0, 2, 5, 3}, ROWS * 4);
    float *keys = blank(SLOTS * cached), *values = blank(SLOTS * cached);
    const mynah_rotary call = {
        .qkv = qkv,
        .qkv_stride = stride,
        .cosines = has_table ? cosines : NULL,
        .sines = has_table ? sines : NULL,
        .positions = positions,
        .k_cache = has_cache ? keys : NULL,
        .v_cache = has_cache ? values : NULL,
        .slots = slots,
        .heads = heads,
        .kv_heads = kv_heads,
        .head_size = size,
    };
    table->rotary(&call, 0, 2);
    table->rotary(&call, 2, ROWS);
    about("rotary, %zu and %zu heads of %zu", heads, kv_heads, size);
    unsigned used = 0;
    for (size_t row = 0; row < ROWS; row++) {
        const size_t slot = (size_t)slots[row];
        used |= 1u << slot;
        for (size_t i = 0; i < width; i++) {
            const float *old = before + row * stride;
            const size_t head = i / size, pair = i % half;
            const float actual = qkv[row * stride + i];
            if (!has_table || head >= heads + kv_heads) {
                expect_same(actual, old[i], "a value that nobody rotates");
                continue;
            }
            const double c = (double)cosines[(size_t)positions[row] * half + pair];
            const double s = (double)sines[(size_t)positions[row] * half + pair];
            const double low = (double)old[head * size + pair], high = (double)old[head * size + half + pair];
            expect_near((double)actual, i % size < half ? low * c - high * s : high * c + low * s, 1e-6, "a rotated value");
        }
        for (size_t i = 0; has_cache && i < cached; i++) {
            expect_same(keys[slot * cached + i], qkv[row * stride + heads * size + i], "a cached key");
            expect_same(values[slot * cached + i], qkv[row * stride + heads * size + cached + i], "a cached value");
        }
    }
    for (size_t slot = 0; slot < SLOTS; slot++)
        for (size_t i = 0; i < cached && !(has_cache && used >> slot & 1); i++) {
            expect_same(keys[slot * cached + i], SENTINEL, "a key of another slot");
            expect_same(values[slot * cached + i], SENTINEL, "a value of another slot");
        }
    give_back();
}

static void check_attention(const mynah_kernels *table, size_t heads, size_t kv_heads, size_t size, float range) {
    enum { ROWS = 5, SLOTS = 40 };
    const size_t width = heads * size, cached = kv_heads * size, group = heads / kv_heads;
    const size_t q_stride = width + 5, k_stride = cached + 1, v_stride = cached + 2, stride = width + 4;
    const float *q = random_rows(ROWS, width, q_stride, -range, range);
    const float *k = random_rows(SLOTS, cached, k_stride, -range, range);
    const float *v = random_rows(SLOTS, cached, v_stride, -1, 1);
    float *out = blank((ROWS - 1) * stride + width), *scores = blank(group * SLOTS);
    int32_t *begin = take(ROWS * 4), *end = take(ROWS * 4);
    memcpy(begin, (int32_t[]){0, 3, 0, 39, 7}, ROWS * 4);
    memcpy(end, (int32_t[]){1, 20, 40, 40, 23}, ROWS * 4);
    const mynah_attention call = {
        .q = q,
        .q_stride = q_stride,
        .k = k,
        .k_stride = k_stride,
        .v = v,
        .v_stride = v_stride,
        .out = out,
        .out_stride = stride,
        .span_begin = begin,
        .span_end = end,
        .heads = heads,
        .kv_heads = kv_heads,
        .head_size = size,
    };
    const size_t items = ROWS * kv_heads;
    table->attention(&call, scores, 0, items / 2);
    table->attention(&call, scores, items / 2, items);
    about("attention, %zu and %zu heads of %zu, values to %g", heads, kv_heads, size, (double)range);
    expect_gaps(out, ROWS, width, stride);
    for (size_t row = 0; row < ROWS; row++)
        for (size_t head = 0; head < heads; head++) {
            const size_t offset = head / group * size;
            double weight[SLOTS], highest = -INFINITY, total = 0;
            for (int t = begin[row]; t < end[row]; t++) {
                weight[t] = 0;
                for (size_t i = 0; i < size; i++)
                    weight[t] += (double)q[row * q_stride + head * size + i] * (double)k[(size_t)t * k_stride + offset + i];
                weight[t] /= sqrt((double)size);
                highest = fmax(highest, weight[t]);
            }
            for (int t = begin[row]; t < end[row]; t++) total += weight[t] = exp(weight[t] - highest);
            for (size_t i = 0; i < size; i++) {
                double expected = 0;
                for (int t = begin[row]; t < end[row]; t++)
                    expected += weight[t] / total * (double)v[(size_t)t * v_stride + offset + i];
                // Scores carry the rounding of their sums into the exponent.
                const double tolerance = range > 2 ? 1e-7 * (double)(range * range) * sqrt((double)size) : 2e-6;
                expect_near((double)out[row * stride + head * size + i], expected, tolerance, "an attended value");
            }
        }
    give_back();
}

void check_transformer(const mynah_kernels *table) {
    static const size_t widths[] = {1, 3, 15, 16, 31, 64, 100, 1024}, sizes[] = {8, 10, 16, 20, 64};
    static const size_t groups[][2] = {{1, 1}, {4, 2}, {3, 3}, {6, 1}};
    for (size_t i = 0; i < 8; i++) check_norm(table, widths[i]);
    for (size_t s = 0; s < 5; s++)
        for (size_t g = 0; g < 4; g++) {
            for (int form = 0; form < 4; form++)
                check_rotary(table, groups[g][0], groups[g][1], sizes[s], form & 1, form >> 1);
            check_attention(table, groups[g][0], groups[g][1], sizes[s], 2);
            // Scores so far apart that only the highest counts: the exponential must neither overflow nor be NaN.
            check_attention(table, groups[g][0], groups[g][1], sizes[s], 30);
        }
}
