// RMS normalisation.

/// One row for each group.
KERNEL void normalize_rows(
    GLOBAL const float *x, uint x_offset, uint x_stride, uint columns, GLOBAL const float *norm, float epsilon,
    GLOBAL float *out, uint out_offset, uint out_stride) {
    LOCAL float scratch[GROUP_LANES];
    GLOBAL const float *in = x + x_offset + GROUP_X * x_stride;
    GLOBAL float *to = out + out_offset + GROUP_X * out_stride;
    float squares = 0.0f;
    for (uint i = LANE; i < columns; i += GROUP_LANES) squares += in[i] * in[i];
    const float factor = 1.0f / sqrt(group_sum(squares, scratch) / (float)columns + epsilon);
    for (uint i = LANE; i < columns; i += GROUP_LANES) to[i] = in[i] * factor * norm[i];
}
