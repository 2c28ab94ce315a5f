// What all linear layers share: the shapes of panels, and what happens to a sum before it is stored.
#include <math.h>

#include "check.h"

size_t panel_count(layer_shape s) { return s.is_gated ? (s.n / 2 + 15) / 16 : (s.n + 31) / 32; }

size_t output_of_column(layer_shape s, size_t panel, size_t column) {
    if (!s.is_gated) return panel * 32 + column < s.n ? panel * 32 + column : s.n;
    const size_t pair = panel * 16 + column % 16;
    if (pair >= s.n / 2) return s.n;
    return column < 16 ? pair : s.n / 2 + pair;
}

static double silu(double x) { return x / (1 + exp(-x)); }

void check_epilogue(const layer_check *check, mynah_epilogue epilogue) {
    static const char *const names[] = {"store", "residual", "silu", "gate", "quantize", "tanh"};
    const layer_shape s = check->shape;
    const size_t columns = s.is_gated ? s.n / 2 : s.n, panels = panel_count(s), stride = columns + 3;
    const size_t residual_stride = columns + 1;
    const float *residual = random_rows(s.rows, columns, residual_stride, -1, 1);
    const float scale = epilogue == MYNAH_QUANTIZE ? 9.0f : 0.37f;
    float *out = blank((s.rows - 1) * stride + columns), *alone = blank(columns);
    // In the order of the panels, padded to whole ones.
    float *bias = take(panels * 32 * sizeof(float));
    for (size_t c = 0; c < panels * 32; c++) {
        const size_t output = output_of_column(s, c / 32, c % 32);
        bias[c] = check->bias && output < s.n ? check->bias[output] : 0;
    }
    mynah_linear call = check->call;
    call.k = s.k;
    call.n = s.n;
    call.bias = check->bias ? bias : NULL;
    call.out = out;
    call.out_stride = stride;
    call.residual = residual;
    call.residual_stride = residual_stride;
    call.scale = scale;
    call.epilogue = epilogue;
    about("%s, %zu rows x %zu inputs x %zu outputs%s", names[epilogue], s.rows, s.k, s.n, check->bias ? ", bias" : "");
    const size_t half = panels / 2, rows = (s.rows + 1) / 2;
    check->kernel(&call, 0, half, 0, rows);
    check->kernel(&call, half, panels, 0, rows);
    check->kernel(&call, 0, panels, rows, s.rows);
    expect_gaps(out, s.rows, columns, stride);
    for (size_t row = 0; row < s.rows; row++)
        for (size_t c = 0; c < columns; c++) {
            const double bias_here = check->bias ? (double)check->bias[c] : 0;
            const double sum = check->sums[row * s.n + c] + bias_here;
            double expected = sum, factor = 1;
            switch (epilogue) {
            case MYNAH_RESIDUAL: expected = (double)residual[row * residual_stride + c] + (double)scale * sum; break;
            case MYNAH_SILU: expected = silu(sum); break;
            case MYNAH_SILU_GATE: {
                const double up = check->sums[row * s.n + columns + c] +
                                  (check->bias ? (double)check->bias[columns + c] : 0);
                expected = silu(sum) * up;
                factor = fmax(1, fabs(silu(sum)) + fabs(up)); // each carries the other's error
                break;
            }
            case MYNAH_TANH: expected = tanh(sum); break;
            case MYNAH_QUANTIZE: {
                const double scaled = tanh(sum) * (double)scale;
                // On the edge between two levels either is right.
                if (fabs(scaled - floor(scaled) - 0.5) < 1e-3) continue;
                expected = rint(scaled) / (double)scale;
                break;
            }
            default: break;
            }
            // The error of a sum grows with what was added, not with what remains.
            const double size = fmax(1, (double)s.k / 16) * factor;
            expect_near((double)out[row * stride + c] / size, expected / size, check->tolerance, "an output");
        }
    // A row by itself has the bits that it has among others, whatever its neighbours.
    const size_t last = s.rows - 1;
    call.out = alone - last * stride;
    check->kernel(&call, 0, panels, last, s.rows);
    for (size_t c = 0; c < columns; c++) expect_same(alone[c], out[last * stride + c], "a row by itself");
}

void check_epilogues(layer_check check, const float *bias) {
    for (int has_bias = 0; has_bias < 2; has_bias++) {
        check.bias = has_bias ? bias : NULL;
        if (check.shape.is_gated) {
            check_epilogue(&check, MYNAH_SILU_GATE);
            continue;
        }
        for (int epilogue = MYNAH_STORE; epilogue <= MYNAH_TANH; epilogue++)
            if (epilogue != MYNAH_SILU_GATE) check_epilogue(&check, (mynah_epilogue)epilogue);
    }
}
