// The AudioVAE over time-major data `[time, channels]`: snake activation, depthwise causal convolution, and the filter
// with a single output. Other convolutions are linear layers over windows of rows.

FN float snake_of(float x, float alpha, float inverse) {
    const float s = sin(alpha * x);
    return x + s * s * inverse;
}

/// One thread for each value; `out` may be `x`.
KERNEL void snake(
    GLOBAL const float *x, uint x_offset, GLOBAL const float *alpha, GLOBAL const float *inverse, GLOBAL float *out,
    uint out_offset, uint rows, uint channels) {
    if (INDEX >= rows * channels) return;
    const uint channel = INDEX % channels;
    out[out_offset + INDEX] = snake_of(x[x_offset + INDEX], alpha[channel], inverse[channel]);
}

/// One thread for each value. Reads the `(taps - 1) * dilation` rows before the first one.
///
/// @param weights `[taps, channels]`, the oldest first
/// @param bias,alpha,inverse `[channels]`, or null
KERNEL void depthwise(
    GLOBAL const float *x, uint x_offset, GLOBAL const float *weights, GLOBAL const float *bias,
    GLOBAL const float *alpha, GLOBAL const float *inverse, GLOBAL float *out, uint out_offset, uint rows,
    uint channels, uint taps, uint dilation) {
    if (INDEX >= rows * channels) return;
    const uint channel = INDEX % channels, step = dilation * channels;
    GLOBAL const float *oldest = x + x_offset + INDEX - (taps - 1) * step;
    float sum = bias ? bias[channel] : 0.0f;
    for (uint tap = 0; tap < taps; tap++) sum += oldest[tap * step] * weights[tap * channels + channel];
    out[out_offset + INDEX] = alpha ? snake_of(sum, alpha[channel], inverse[channel]) : sum;
}

/// One thread for each row, each a window of `inputs` values.
KERNEL void filter_rows(
    GLOBAL const float *x, uint x_offset, uint x_stride, uint rows, uint inputs, GLOBAL const float *weights, float bias,
    GLOBAL float *out, uint out_offset) {
    if (INDEX >= rows) return;
    GLOBAL const float *row = x + x_offset + INDEX * x_stride;
    float sum = 0.0f;
    for (uint i = 0; i < inputs; i++) sum += row[i] * weights[i];
    out[out_offset + INDEX] = bias + sum;
}
