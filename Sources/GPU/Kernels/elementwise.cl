// Steps that treat every element alike, one thread for each; and guidance, which is one group for a patch.

KERNEL void add_elements(
    GLOBAL const float *a, uint a_offset, uint a_stride, GLOBAL const float *b, uint b_offset, uint b_stride,
    GLOBAL float *out, uint out_offset, uint out_stride, uint rows, uint columns) {
    if (INDEX >= rows * columns) return;
    const uint row = INDEX / columns, column = INDEX % columns;
    out[out_offset + row * out_stride + column] =
        a[a_offset + row * a_stride + column] + b[b_offset + row * b_stride + column];
}

KERNEL void copy_elements(
    GLOBAL const float *x, uint x_offset, uint x_stride, GLOBAL float *out, uint out_offset, uint out_stride, uint rows,
    uint columns) {
    if (INDEX >= rows * columns) return;
    const uint row = INDEX / columns, column = INDEX % columns;
    out[out_offset + row * out_stride + column] = x[x_offset + row * x_stride + column];
}

/// Groups of `size + 1` rows: `first`, and then the next `size` rows of `x`.
KERNEL void lay_out(
    GLOBAL const float *first, uint first_offset, GLOBAL const float *x, uint x_offset, uint x_stride, GLOBAL float *out,
    uint out_offset, uint out_stride, uint rows, uint size, uint columns) {
    if (INDEX >= rows * columns) return;
    const uint row = INDEX / columns, column = INDEX % columns, group = row / (size + 1), place = row % (size + 1);
    out[out_offset + row * out_stride + column] =
        place == 0 ? first[first_offset + column] : x[x_offset + (group * size + place - 1) * x_stride + column];
}

KERNEL void tanh_elements(GLOBAL float *x, uint x_offset, uint count) {
    if (INDEX < count) x[x_offset + INDEX] = tanh(x[x_offset + INDEX]);
}

/// Classifier-free guidance and one Euler step over a patch of `count` values, by one group. With `zero_star` the free
/// branch is scaled by its share in the guided one.
KERNEL void guide(
    GLOBAL float *x, uint x_offset, GLOBAL const float *guided, uint guided_offset, GLOBAL const float *unguided,
    uint unguided_offset, uint count, float cfg, uint zero_star, float delta) {
    LOCAL float scratch[GROUP_LANES];
    float scale = 1.0f;
    if (zero_star) {
        float product = 0.0f, square = 0.0f;
        for (uint i = LANE; i < count; i += GROUP_LANES) {
            const float base = unguided[unguided_offset + i];
            product += guided[guided_offset + i] * base;
            square += base * base;
        }
        product = group_sum(product, scratch);
        square = group_sum(square, scratch);
        scale = product / (square + 1e-8f);
    }
    for (uint i = LANE; i < count; i += GROUP_LANES) {
        const float base = unguided[unguided_offset + i] * scale;
        x[x_offset + i] -= delta * (base + cfg * (guided[guided_offset + i] - base));
    }
}
