// Linear layers in 32-bit floats and in bfloat16 weights against sums in double precision.
#include <string.h>

#include "check.h"

/// Rounding to bfloat16 by its definition: the nearer neighbour, the even one of two equally near.
static float rounded_to_bf16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    uint32_t below = bits & 0xffff0000u, above = below + 0x10000u;
    float low, high;
    memcpy(&low, &below, 4);
    memcpy(&high, &above, 4);
    const double down = (double)value - (double)low, up = (double)high - (double)value;
    const double to_low = down < 0 ? -down : down, to_high = up < 0 ? -up : up;
    if (to_low != to_high) return to_low < to_high ? low : high;
    return below & 0x10000u ? high : low;
}

/// Panels `[k][32]` of floats, or `[k][16]` words of two bfloat16 numbers each.
static void *pack(layer_shape s, const float *weights, int is_bf16) {
    const size_t panels = panel_count(s), words = s.k * (is_bf16 ? 16 : 32);
    uint32_t *packed = take(panels * words * 4);
    for (size_t panel = 0; panel < panels; panel++)
        for (size_t i = 0; i < s.k; i++)
            for (size_t c = 0; c < 32; c++) {
                const size_t output = output_of_column(s, panel, c);
                const float value = output < s.n ? weights[output * s.k + i] : 0.0f;
                uint32_t bits;
                memcpy(&bits, &value, 4);
                uint32_t *word = packed + panel * words + i * (is_bf16 ? 16 : 32) + (is_bf16 ? c % 16 : c);
                if (!is_bf16) {
                    *word = bits;
                } else if (c < 16) {
                    *word = bits >> 16;
                } else {
                    *word |= bits & 0xffff0000u;
                }
            }
    return packed;
}

/// The library's own packing of a plain layer gives the same bytes.
static void expect_packing(layer_shape s, const float *weights, const void *packed, int is_bf16) {
    const size_t words = s.k * (is_bf16 ? 16 : 32);
    for (size_t panel = 0; panel < panel_count(s); panel++) {
        const float *rows[32];
        size_t count = 0;
        while (count < 32 && panel * 32 + count < s.n) {
            rows[count] = weights + (panel * 32 + count) * s.k;
            count++;
        }
        uint32_t *own = take(words * 4);
        if (is_bf16) {
            mynah_pack_bf16(rows, count, s.k, own);
        } else {
            mynah_pack_f32(rows, count, s.k, (float *)own);
        }
        expect(memcmp(own, (const uint32_t *)packed + panel * words, words * 4) == 0, "the library packs otherwise");
    }
}

static void check_layer(const mynah_kernels *table, layer_shape s, int is_bf16) {
    float *weights = random_rows(s.n, s.k, s.k, -1, 1);
    if (is_bf16)
        for (size_t i = 0; i < s.n * s.k; i++) weights[i] = rounded_to_bf16(weights[i]);
    const float *bias = random_rows(1, s.n, s.n, -1, 1);
    // Rows of convolutions overlap.
    const size_t stride = s.rows % 2 && s.k > 3 ? s.k / 3 : s.k + 5;
    float *x = take(((s.rows - 1) * stride + s.k) * sizeof(float));
    for (size_t i = 0; i < (s.rows - 1) * stride + s.k; i++) x[i] = random_float(-1, 1);
    double *sums = take(s.rows * s.n * sizeof(double));
    for (size_t row = 0; row < s.rows; row++)
        for (size_t c = 0; c < s.n; c++) {
            double sum = 0;
            for (size_t i = 0; i < s.k; i++) sum += (double)x[row * stride + i] * (double)weights[c * s.k + i];
            sums[row * s.n + c] = sum;
        }
    layer_check check = {
        .shape = s,
        .call = {.x = x, .x_stride = stride, .weights = pack(s, weights, is_bf16)},
        .sums = sums,
        .tolerance = 2e-6,
        .kernel = is_bf16 ? table->linear_bf16 : table->linear_f32,
    };
    if (!s.is_gated) expect_packing(s, weights, check.call.weights, is_bf16);
    check_epilogues(check, bias);
    give_back();
}

void check_linear(const mynah_kernels *table) {
    static const size_t inputs[] = {1, 2, 3, 17, 64, 131}, outputs[] = {1, 16, 31, 32, 33, 70, 96};
    static const size_t rows[] = {1, 2, 3, 4, 9, 10, 19};
    for (int is_bf16 = 0; is_bf16 < 2; is_bf16++)
        for (size_t i = 0; i < 6; i++)
            for (size_t o = 0; o < 7; o++) {
                const size_t count = rows[(i + o) % 7];
                check_layer(table, (layer_shape){count, inputs[i], outputs[o], 0}, is_bf16);
                check_layer(table, (layer_shape){count, inputs[i], 2 * outputs[o], 1}, is_bf16);
            }
    // More rows than one block holds.
    check_layer(table, (layer_shape){150, 1200, 33, 0}, 0);
}
