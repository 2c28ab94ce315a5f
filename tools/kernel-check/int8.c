// Linear layers in 8-bit integers: the integer sums to the bit, what follows them with a tolerance.
#include <math.h>
#include <string.h>

#include "check.h"

/// How random numbers are spread: everywhere, or at the ends only, where products are largest.
typedef enum { EVERYWHERE, AT_THE_ENDS } spread;

static int random_level(spread spread) {
    if (spread == AT_THE_ENDS) return random_int(0, 1) ? 127 : -127;
    return random_int(-127, 127);
}

/// Inputs that share a scale of their activations.
enum { BLOCK = 512 };

static size_t block_count(size_t k) { return (k + BLOCK - 1) / BLOCK; }

static size_t panel_bytes(size_t k) { return (k + 3) / 4 * 128 + 128 + 128 * block_count(k); }

/// `[ceil(k / 4)][32][4]` bytes, 32 scales, 32 sums of a column's weights for each block.
static void *pack(layer_shape s, const int8_t *levels, const float *scales) {
    const size_t panels = panel_count(s), size = panel_bytes(s.k);
    unsigned char *packed = take(panels * size);
    memset(packed, 0, panels * size);
    for (size_t panel = 0; panel < panels; panel++)
        for (size_t c = 0; c < 32; c++) {
            const size_t output = output_of_column(s, panel, c);
            if (output == s.n) continue;
            unsigned char *tail = packed + panel * size + (s.k + 3) / 4 * 128;
            memcpy(tail + 4 * c, scales + output, 4);
            for (size_t block = 0; block < block_count(s.k); block++) {
                int32_t total = 0;
                for (size_t i = block * BLOCK; i < s.k && i < (block + 1) * BLOCK; i++) {
                    const int8_t level = levels[output * s.k + i];
                    packed[panel * size + i / 4 * 128 + c * 4 + i % 4] = (unsigned char)level;
                    total += level;
                }
                memcpy(tail + 128 * (1 + block) + 4 * c, &total, 4);
            }
        }
    return packed;
}

/// The library quantises weights to the same levels: to nearest, halves to even.
static void expect_packing(layer_shape s, const int8_t *levels, const float *scales, const unsigned char *packed) {
    float *floats = take(32 * s.k * sizeof(float));
    const float *rows[32];
    size_t count = 0;
    for (; count < 32 && count < s.n; count++) {
        rows[count] = floats + count * s.k;
        // Only whole levels: whatever the scale, they come back.
        for (size_t i = 0; i < s.k; i++) floats[count * s.k + i] = (float)levels[count * s.k + i] * scales[count];
    }
    unsigned char *own = take(panel_bytes(s.k));
    mynah_pack_int8(rows, count, s.k, own);
    const size_t bytes = (s.k + 3) / 4 * 128;
    expect(memcmp(own, packed, bytes) == 0, "the library packs other levels");
    expect(memcmp(own + bytes + 128, packed + bytes + 128, 128 * block_count(s.k)) == 0, "the library packs other sums of weights");
    for (size_t c = 0; c < count; c++) {
        float scale;
        memcpy(&scale, own + bytes + 4 * c, 4);
        expect_near((double)scale / (double)scales[c], 1, 1e-6, "a scale of the library's packing");
    }
}

static void check_layer(const mynah_kernels *table, layer_shape s, spread spread) {
    int8_t *weights = take(s.n * s.k);
    float *scales = take(s.n * sizeof(float)), *ones = take(s.n * sizeof(float));
    for (size_t c = 0; c < s.n; c++) {
        for (size_t i = 0; i < s.k; i++) weights[c * s.k + i] = (int8_t)random_level(spread);
        weights[c * s.k] = 127; // the largest, so that the library finds the same scale
        scales[c] = random_float(0.001f, 0.02f);
        ones[c] = 1;
    }
    // Rows that hold whole numbers with 127 among those of each block are quantised to themselves.
    const size_t blocks = block_count(s.k);
    const size_t stride = (s.k + 3) / 4 * 4;
    float *x = take(s.rows * s.k * sizeof(float)), *row_scales = take(s.rows * blocks * sizeof(float));
    int8_t *quantized = take(s.rows * stride);
    for (size_t row = 0; row < s.rows; row++) {
        for (size_t i = 0; i < s.k; i++) x[row * s.k + i] = (float)random_level(spread);
        for (size_t block = 0; block < blocks; block++) {
            const size_t end = (block + 1) * BLOCK < s.k ? (block + 1) * BLOCK : s.k;
            x[row * s.k + end - 1] = row % 2 ? 127 : -127;
        }
    }
    table->quantize(x, s.k, NULL, 0, s.k, quantized, stride, row_scales, 0, s.rows);
    double *sums = take(s.rows * s.n * sizeof(double));
    about("8-bit, %zu rows x %zu inputs x %zu outputs", s.rows, s.k, s.n);
    for (size_t row = 0; row < s.rows; row++) {
        for (size_t block = 0; block < blocks; block++)
            expect_same(row_scales[row * blocks + block], 1, "the scale of a row of whole numbers");
        for (size_t c = 0; c < s.n; c++) {
            // The integers of a block are exact; blocks add up in floats.
            float total = 0;
            for (size_t block = 0; block < blocks; block++) {
                int32_t sum = 0;
                for (size_t i = block * BLOCK; i < s.k && i < (block + 1) * BLOCK; i++)
                    sum += (int32_t)x[row * s.k + i] * weights[c * s.k + i];
                total += (float)sum;
            }
            sums[row * s.n + c] = (double)total;
        }
    }
    layer_check check = {
        .shape = s,
        .call = {.quantized = quantized, .quantized_stride = stride, .row_scales = row_scales},
        .sums = sums,
        .kernel = table->linear_int8,
    };
    if (!s.is_gated) {
        // Scales of one: the outputs are the integers, in the nearest float.
        check.call.weights = pack(s, weights, ones);
        check_epilogue(&check, MYNAH_STORE);
        for (size_t i = 0; i < s.rows * s.n; i++) sums[i] *= (double)scales[i % s.n];
        expect_packing(s, weights, scales, pack(s, weights, scales));
    } else {
        for (size_t i = 0; i < s.rows * s.n; i++) sums[i] *= (double)scales[i % s.n];
    }
    check.call.weights = pack(s, weights, scales);
    const float *bias = random_rows(1, s.n, s.n, -1, 1);
    check.tolerance = 2e-6;
    check_epilogues(check, bias);
    give_back();
}

/// Rows of any floats, normalised or not: every level is the nearest one.
static void check_quantize(const mynah_kernels *table, size_t n, int is_normalized) {
    enum { ROWS = 5 };
    const size_t x_stride = n + 3, stride = (n + 3) / 4 * 4;
    const size_t blocks = block_count(n);
    float *x = random_rows(ROWS, n, x_stride, -3, 3), *scales = blank(ROWS * blocks);
    const float *weight = random_rows(1, n, n, 0.5f, 2);
    const float epsilon = 1e-5f;
    for (size_t i = 0; i < n; i++) x[2 * x_stride + i] = 0;
    x[3 * x_stride + n / 2] = 400;
    int8_t *out = take(ROWS * stride);
    memset(out, 77, ROWS * stride);
    table->quantize(x, x_stride, is_normalized ? weight : NULL, epsilon, n, out, stride, scales, 0, 2);
    table->quantize(x, x_stride, is_normalized ? weight : NULL, epsilon, n, out, stride, scales, 2, ROWS);
    about("quantise, %zu inputs%s", n, is_normalized ? ", normalised" : "");
    // What the table adds to an activation shows where the activation is zero.
    const int offset = (uint8_t)out[2 * stride];
    expect(offset == 0 || offset == 128, "zero is neither 0 nor 128");
    for (size_t row = 0; row < ROWS; row++) {
        double squares = 0, peaks[8] = {0};
        for (size_t i = 0; i < n; i++) {
            const double value = (double)x[row * x_stride + i];
            squares += value * value;
            peaks[i / BLOCK] = fmax(peaks[i / BLOCK], fabs(is_normalized ? value * (double)weight[i] : value));
        }
        const double factor = is_normalized ? 1 / sqrt(squares / (double)n + (double)epsilon) : 1;
        for (size_t block = 0; block < blocks; block++)
            expect_near((double)scales[row * blocks + block] * 127, peaks[block] * factor, 1e-6, "a block's scale");
        for (size_t i = 0; i < stride; i++) {
            const int level = (uint8_t)out[row * stride + i] - offset;
            const int wrapped = offset ? level : (int8_t)level;
            const double peak = i < n ? peaks[i / BLOCK] : 0;
            if (i >= n || peak == 0) {
                expect(wrapped == 0, "padding or silence is not zero");
                continue;
            }
            const double value = (double)x[row * x_stride + i] * (is_normalized ? (double)weight[i] : 1);
            expect(fabs(value / peak * 127 - wrapped) <= 0.5001, "a level is not the nearest");
            expect(wrapped >= -127 && wrapped <= 127, "a level out of range");
        }
    }
    give_back();
}

/// Halves go to the even neighbour, in whole vectors and in what is left over.
static void check_halves(const mynah_kernels *table) {
    enum { N = 253 };
    float *x = take(N * sizeof(float)), scale;
    for (int i = 0; i < N; i++) x[i] = (float)i - 126.5f;
    x[0] = 127;
    int8_t *out = take((N + 3) / 4 * 4);
    table->quantize(x, N, NULL, 0, N, out, N, &scale, 0, 1);
    about("quantise halves");
    const int offset = (uint8_t)out[0] - 127;
    for (int i = 0; i < N; i++) {
        const int level = (int8_t)((uint8_t)out[i] - offset);
        expect(level == (int)rint((double)x[i]), "a half does not go to the even level");
    }
    give_back();
}

void check_int8(const mynah_kernels *table) {
    static const size_t inputs[] = {1, 3, 4, 5, 8, 31, 64, 101, 258}, outputs[] = {1, 16, 31, 32, 33, 70, 96};
    static const size_t rows[] = {1, 2, 3, 4, 5, 6, 9, 10, 19};
    for (size_t i = 0; i < 9; i++)
        for (size_t o = 0; o < 7; o++) {
            const size_t count = rows[(i + o) % 9];
            check_layer(table, (layer_shape){count, inputs[i], outputs[o], 0}, EVERYWHERE);
            check_layer(table, (layer_shape){count, inputs[i], 2 * outputs[o], 1}, EVERYWHERE);
        }
    // Where sums are largest: nothing may saturate.
    for (size_t i = 0; i < 9; i++) check_layer(table, (layer_shape){rows[i], 515, 33, 0}, AT_THE_ENDS);
    check_layer(table, (layer_shape){5, 4099, 32, 0}, AT_THE_ENDS);
    // More rows than one block holds.
    check_layer(table, (layer_shape){150, 1201, 33, 0}, EVERYWHERE);
    static const size_t widths[] = {1, 2, 3, 4, 7, 15, 16, 17, 33, 64, 101, 513, 1024, 1535, 2500};
    for (size_t i = 0; i < 15; i++)
        for (int is_normalized = 0; is_normalized < 2; is_normalized++)
            check_quantize(table, widths[i], is_normalized);
    check_halves(table);
}
