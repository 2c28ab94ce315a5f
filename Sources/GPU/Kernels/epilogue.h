// What happens to the sums of a linear layer before they are stored. The numbers are those of `EpilogueCode`.
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

/// Stores what becomes of output `lane` of a panel for one row.
///
/// @param sums the row's 32 sums; gates and their partners lie 16 apart
FN void finish(const Epilogue to, LOCAL const float *sums, uint panel, uint row, uint lane) {
    GLOBAL float *out = to.out + row * to.out_stride;
    const uint column = panel * PANEL + lane;
    if (to.kind == SILU_GATE) {
        const uint gated = panel * (PANEL / 2) + lane;
        if (lane >= PANEL / 2 || gated >= to.outputs) return;
        const float gate = sums[lane] + (to.bias ? to.bias[column] : 0.0f);
        const float up = sums[lane + PANEL / 2] + (to.bias ? to.bias[column + PANEL / 2] : 0.0f);
        out[gated] = silu(gate) * up;
        return;
    }
    if (column >= to.outputs) return;
    float value = sums[lane] + (to.bias ? to.bias[column] : 0.0f);
    switch (to.kind) {
    case RESIDUAL: value = to.residual[row * to.residual_stride + column] + to.scale * value; break;
    case SILU: value = silu(value); break;
    case QUANTIZE: value = rint(tanh(value) * to.scale) / to.scale; break;
    case TANH: value = tanh(value); break;
    }
    out[column] = value;
}
