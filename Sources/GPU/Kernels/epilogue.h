// What happens to the sums of a linear layer before they are stored. The numbers are those of `GPUBackend.describe`.
#define STORE 0
#define RESIDUAL 1
#define SILU 2
#define SILU_GATE 3
#define QUANTIZE 4
#define TANH 5

/// Where the sums of a layer go. `bias` and `residual` may be null.
typedef struct {
    uint kind;
    float scale;
    GLOBAL const float *bias;
    GLOBAL const float *residual;
    uint residual_stride;
    GLOBAL float *out;
    uint out_stride;
    uint outputs; // columns of `out`
} Epilogue;

FN float silu(float x) { return x / (1.0f + exp(-x)); }

/// Whether output `lane` of a panel ends in the epilogue: the second half of a gated panel ends with the first.
FN bool is_stored(const Epilogue to, uint panel, uint lane) {
    if (to.kind == SILU_GATE) return lane < PANEL / 2 && panel * (PANEL / 2) + lane < to.outputs;
    return panel * PANEL + lane < to.outputs;
}

/// Stores what becomes of output `lane` of a panel for one row.
///
/// @param sum its sum
/// @param partner the sum of the output 16 further on, for a gated panel
FN void finish(const Epilogue to, float sum, float partner, uint panel, uint row, uint lane) {
    GLOBAL float *out = to.out + row * to.out_stride;
    const uint column = panel * PANEL + lane;
    float value = sum + (to.bias ? to.bias[column] : 0.0f);
    if (to.kind == SILU_GATE) {
        const float up = partner + (to.bias ? to.bias[column + PANEL / 2] : 0.0f);
        out[panel * (PANEL / 2) + lane] = silu(value) * up;
        return;
    }
    switch (to.kind) {
    case RESIDUAL: value = to.residual[row * to.residual_stride + column] + to.scale * value; break;
    case SILU: value = silu(value); break;
    case QUANTIZE: value = rint(tanh(value) * to.scale) / to.scale; break;
    case TANH: value = tanh(value); break;
    }
    out[column] = value;
}
