// Attention of query rows over spans of key rows, with grouped heads. The spans are read from the plan in device memory.

/// The widest head.
#define MOST_SIZE 256u

/// One head of one row for each group: keys pass by in tiles, one for each thread, and the softmax is brought up to date
/// with each tile, so that a span may be of any length.
///
/// Groups: (heads, rows).
KERNEL void attention(
    GLOBAL const float *queries, uint queries_offset, uint queries_stride, GLOBAL const float *keys, uint keys_offset,
    uint keys_stride, GLOBAL const float *values, uint values_offset, uint values_stride, GLOBAL float *out,
    uint out_offset, uint out_stride, GLOBAL const int *begins, GLOBAL const int *ends, uint heads_per_key, uint size) {
    LOCAL float query[MOST_SIZE];
    LOCAL float result[MOST_SIZE];
    LOCAL float shares[GROUP_LANES];
    LOCAL float scratch[GROUP_LANES];
    const uint head = GROUP_X, row = GROUP_Y, column = head / heads_per_key * size;
    const uint begin = (uint)begins[row], end = (uint)ends[row];
    const float scale = 1.0f / sqrt((float)size);
    for (uint i = LANE; i < size; i += GROUP_LANES) {
        query[i] = queries[queries_offset + row * queries_stride + head * size + i] * scale;
        result[i] = 0.0f;
    }
    MEET();

    float highest = -INFINITY, total = 0.0f;
    for (uint first = begin; first < end; first += GROUP_LANES) {
        const uint count = min((uint)GROUP_LANES, end - first);
        float score = -INFINITY;
        if (LANE < count) {
            GLOBAL const float *key = keys + keys_offset + (first + LANE) * keys_stride + column;
            score = 0.0f;
            for (uint i = 0; i < size; i++) score += query[i] * key[i];
        }
        const float peak = fmax(highest, group_peak(score, scratch));
        const float share = LANE < count ? exp(score - peak) : 0.0f;
        const float fade = first == begin ? 0.0f : exp(highest - peak);
        shares[LANE] = share;
        total = total * fade + group_sum(share, scratch);
        highest = peak;
        GLOBAL const float *value = values + values_offset + first * values_stride + column;
        for (uint i = LANE; i < size; i += GROUP_LANES) {
            float sum = result[i] * fade;
            for (uint t = 0; t < count; t++) sum += shares[t] * value[t * values_stride + i];
            result[i] = sum;
        }
        MEET();
    }
    for (uint i = LANE; i < size; i += GROUP_LANES)
        out[out_offset + row * out_stride + head * size + i] = result[i] / total;
}
