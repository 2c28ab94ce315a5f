// What the kernels of linear layers have in common: what they are given, and the RMS normalisation of the rows in front of
// a layer where `norm` is given. Its factor is the same for all inputs of a row, so the squares are summed along, and the
// factor multiplies the sums at the end.

/// What every kernel is given.
#define LAYER                                                                                                             \
    GLOBAL const float *x, uint x_offset, uint x_stride, uint rows, uint inputs, GLOBAL const float *norm, float epsilon, \
        GLOBAL const uchar *weights, uint panel_bytes, GLOBAL const float *bias, GLOBAL float *out, uint out_offset,      \
        uint out_stride, uint outputs, GLOBAL const float *residual, uint residual_offset, uint residual_stride,          \
        float scale, uint kind

#define LAYER_OF_ARGUMENTS                                                                                                \
    {x + x_offset, x_stride, rows, inputs, (x_offset | x_stride) % 4 == 0, norm, epsilon, weights, panel_bytes}
#define EPILOGUE_OF_ARGUMENTS                                                                                             \
    {kind, scale, bias, residual + residual_offset, residual_stride, out + out_offset, out_stride, outputs}

typedef struct {
    GLOBAL const float *x;
    uint x_stride;
    uint rows;
    uint inputs;
    bool is_aligned;
    GLOBAL const float *norm;
    float epsilon;
    GLOBAL const uchar *weights;
    uint panel_bytes;
} Layer;

/// Threads of a group are warps of 32: those of a warp share the blocks of a panel, see `weights.h`.
#define WARP 32u
#define WARPS 8u
#define LAYER_LANES (WARP * WARPS)

FN GLOBAL const uchar *panel_of(const Layer layer, uint panel) {
    return layer.weights + (ulong)panel * layer.panel_bytes;
}

/// The normalisation's weights of four inputs; ones where there is none.
FN float4 gain_of(const Layer layer, uint quad) {
    return layer.norm ? quad_of(layer.norm, quad, layer.inputs, true) : (float4)(1.0f);
}

/// The normalisation's factor of a row.
FN float norm_factor(const Layer layer, float squares) {
    return 1.0f / sqrt(squares / (float)layer.inputs + layer.epsilon);
}
