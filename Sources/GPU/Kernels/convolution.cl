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

// Causal convolutions over a chunk and the rows kept of the chunk before, see `CausalInput`. What the next chunk needs goes
// to other memory than what this one reads, so that no thread waits for another.

/// Row `row` of the chunk, or of the kept rows where it is negative.
FN float causal_row(
    GLOBAL const float *x, GLOBAL const float *kept, GLOBAL const float *alpha, GLOBAL const float *inverse, int row,
    uint history, uint channels, uint channel) {
    if (row < 0) return kept[(uint)(row + (int)history) * channels + channel];
    const float value = x[(uint)row * channels + channel];
    return alpha ? snake_of(value, alpha[channel], inverse[channel]) : value;
}

/// What every kernel below reads and keeps.
#define CAUSAL                                                                                                            \
    GLOBAL const float *x, uint x_offset, GLOBAL const float *alpha, GLOBAL const float *inverse, GLOBAL const float *kept, \
        uint kept_offset, GLOBAL float *next, uint next_offset, uint rows, uint channels, uint history
/// Value `index` of the rows for the next chunk: the last `history` ones.
#define KEEP(index)                                                                                                       \
    next[next_offset + (index)] = causal_row(                                                                             \
        x + x_offset, kept + kept_offset, alpha, inverse, (int)((index) / channels + rows) - (int)history, history,       \
        channels, (index) % channels)

/// Writes kept rows and chunk one behind the other. One thread for each value of the window, and of the rows to keep.
KERNEL void extend_rows(CAUSAL, GLOBAL float *window, uint window_offset) {
    const uint all = (history + rows) * channels;
    if (INDEX < all)
        window[window_offset + INDEX] = causal_row(
            x + x_offset, kept + kept_offset, alpha, inverse, (int)(INDEX / channels) - (int)history, history, channels,
            INDEX % channels);
    else if (INDEX - all < history * channels)
        KEEP(INDEX - all);
}

/// One thread for each value of the result, and of the rows to keep.
///
/// @param after,after_inverse the activation of the result, or null
KERNEL void causal_depthwise(
    CAUSAL, GLOBAL const float *weights, GLOBAL const float *bias, GLOBAL const float *after,
    GLOBAL const float *after_inverse, GLOBAL float *out, uint out_offset, uint taps, uint dilation) {
    const uint all = rows * channels;
    if (INDEX >= all) {
        if (INDEX - all < history * channels) KEEP(INDEX - all);
        return;
    }
    const uint channel = INDEX % channels;
    const int newest = (int)(INDEX / channels);
    float sum = bias ? bias[channel] : 0.0f;
    for (uint tap = 0; tap < taps; tap++) {
        const int row = newest - (int)((taps - 1 - tap) * dilation);
        sum += causal_row(x + x_offset, kept + kept_offset, alpha, inverse, row, history, channels, channel)
            * weights[tap * channels + channel];
    }
    out[out_offset + INDEX] = after ? snake_of(sum, after[channel], after_inverse[channel]) : sum;
}

/// One thread for each row of the result, and for each value of the rows to keep.
KERNEL void causal_filter(CAUSAL, GLOBAL const float *weights, float bias, GLOBAL float *out, uint out_offset, uint taps) {
    if (INDEX >= rows) {
        if (INDEX - rows < history * channels) KEEP(INDEX - rows);
        return;
    }
    float sum = 0.0f;
    for (uint tap = 0; tap < taps; tap++)
        for (uint channel = 0; channel < channels; channel++)
            sum += causal_row(
                       x + x_offset, kept + kept_offset, alpha, inverse, (int)(INDEX + tap) - (int)(taps - 1), history,
                       channels, channel)
                * weights[tap * channels + channel];
    out[out_offset + INDEX] = tanh(bias + sum);
}
