// Linear layers over packed panels, with an RMS normalisation of the rows in front of it where `norm` is given: its factor
// is the same for all inputs, so the squares are summed along and the factor multiplies the sums at the end.

/// What every kernel of this file is given, and what of it an epilogue needs.
#define LAYER                                                                                                             \
    GLOBAL const float *x, uint x_offset, uint x_stride, uint rows, uint inputs, GLOBAL const float *norm, float epsilon, \
        GLOBAL const uchar *weights, uint panel_bytes, GLOBAL const float *bias, GLOBAL float *out, uint out_offset,      \
        uint out_stride, uint outputs, GLOBAL const float *residual, uint residual_offset, uint residual_stride,          \
        float scale, uint kind
#define EPILOGUE {kind, scale, bias, residual + residual_offset, residual_stride, out + out_offset, out_stride, outputs}

/// Threads of a group: one warp of 32 outputs for each of eight slices.
#define SLICES 8u

FN float norm_factor(float squares, uint inputs, float epsilon) { return 1.0f / sqrt(squares / (float)inputs + epsilon); }

/// Up to eight rows times one panel. The inputs are dealt out to the slices by fours; every weight is read once.
///
/// Groups: (panels, rows / 8).
#define FEW_ROWS 8u
KERNEL void OF_FORMAT(linear_few)(LAYER) {
    LOCAL float parts[SLICES * FEW_ROWS * PANEL];
    LOCAL float square_parts[SLICES * FEW_ROWS];
    LOCAL float totals[FEW_ROWS * PANEL];
    const uint slice = LANE / PANEL, lane = LANE % PANEL;
    const uint first = GROUP_Y * FEW_ROWS, count = min(FEW_ROWS, rows - first);
    GLOBAL const uchar *panel = weights + (ulong)GROUP_X * panel_bytes;
    GLOBAL const float *row = x + x_offset + first * x_stride;
    float sums[FEW_ROWS], squares[FEW_ROWS];
    for (uint r = 0; r < FEW_ROWS; r++) sums[r] = squares[r] = 0.0f;

    const uint quads = (inputs + 3) / 4;
    for (uint quad = slice; quad < quads; quad += SLICES) {
        float4 w = quad_of_weights(panel, quad, inputs, lane);
        if (norm) w *= quad_of(norm, quad, inputs);
        for (uint r = 0; r < FEW_ROWS; r++) {
            if (r >= count) continue;
            const float4 v = quad_of(row + r * x_stride, quad, inputs);
            sums[r] += dot(v, w);
            if (norm) squares[r] += dot(v, v);
        }
    }
    for (uint r = 0; r < FEW_ROWS; r++) {
        parts[(slice * FEW_ROWS + r) * PANEL + lane] = sums[r];
        if (lane == 0) square_parts[slice * FEW_ROWS + r] = squares[r];
    }
    MEET();

    // There are as many slices as rows: each adds up one row.
    float sum = 0.0f, square = 0.0f;
    for (uint s = 0; s < SLICES; s++) {
        sum += parts[(s * FEW_ROWS + slice) * PANEL + lane];
        square += square_parts[s * FEW_ROWS + slice];
    }
    sum *= scale_of_output(panel, inputs, lane);
    if (norm) sum *= norm_factor(square, inputs, epsilon);
    totals[slice * PANEL + lane] = sum;
    MEET();
    const Epilogue to = EPILOGUE;
    if (slice < count) finish(to, totals + slice * PANEL, GROUP_X, first + slice, lane);
}

/// 32 rows times one panel, 32 inputs at a time through local memory; a thread holds four rows of one output.
///
/// Groups: (panels, rows / 32).
#define MANY_ROWS 32u
#define TILE 32u
#define OWN_ROWS (MANY_ROWS / SLICES)
KERNEL void OF_FORMAT(linear_many)(LAYER) {
    LOCAL float x_tile[MANY_ROWS * TILE];
    LOCAL float w_tile[TILE * PANEL];
    const uint slice = LANE / PANEL, lane = LANE % PANEL;
    const uint first = GROUP_Y * MANY_ROWS, count = min(MANY_ROWS, rows - first);
    GLOBAL const uchar *panel = weights + (ulong)GROUP_X * panel_bytes;
    GLOBAL const float *row = x + x_offset + first * x_stride;
    float sums[OWN_ROWS], squares[OWN_ROWS];
    for (uint r = 0; r < OWN_ROWS; r++) sums[r] = squares[r] = 0.0f;

    for (uint start = 0; start < inputs; start += TILE) {
        const uint input = start + lane;
        const float factor = norm && input < inputs ? norm[input] : 1.0f;
        for (uint r = 0; r < OWN_ROWS; r++) {
            const uint own = slice * OWN_ROWS + r;
            const float v = own < count && input < inputs ? row[own * x_stride + input] : 0.0f;
            squares[r] += v * v;
            x_tile[own * TILE + lane] = v * factor;
        }
        const uint quad = start / 4 + slice;
        const float4 w = 4 * quad < inputs ? quad_of_weights(panel, quad, inputs, lane) : (float4)(0.0f);
        w_tile[(4 * slice + 0) * PANEL + lane] = w.x;
        w_tile[(4 * slice + 1) * PANEL + lane] = w.y;
        w_tile[(4 * slice + 2) * PANEL + lane] = w.z;
        w_tile[(4 * slice + 3) * PANEL + lane] = w.w;
        MEET();
        for (uint i = 0; i < TILE; i++) {
            const float w = w_tile[i * PANEL + lane];
            for (uint r = 0; r < OWN_ROWS; r++) sums[r] += x_tile[(slice * OWN_ROWS + r) * TILE + i] * w;
        }
        MEET();
    }

    // The squares of a row lie with its 32 lanes.
    for (uint r = 0; r < OWN_ROWS; r++) x_tile[(slice * OWN_ROWS + r) * TILE + lane] = squares[r];
    MEET();
    const float output_scale = scale_of_output(panel, inputs, lane);
    for (uint r = 0; r < OWN_ROWS; r++) {
        const uint own = slice * OWN_ROWS + r;
        float sum = sums[r] * output_scale;
        if (norm) {
            float square = 0.0f;
            for (uint i = 0; i < TILE; i++) square += x_tile[own * TILE + i];
            sum *= norm_factor(square, inputs, epsilon);
        }
        w_tile[own * PANEL + lane] = sum;
    }
    MEET();
    const Epilogue to = EPILOGUE;
    for (uint r = 0; r < OWN_ROWS; r++) {
        const uint own = slice * OWN_ROWS + r;
        if (own < count) finish(to, w_tile + own * PANEL, GROUP_X, first + own, lane);
    }
}
