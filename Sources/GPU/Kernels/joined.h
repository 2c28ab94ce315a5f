// Rows that attention has left in parts: what each part of a row's span adds up to, see `attention.cl`. A linear layer that
// reads them puts the parts together as it goes.

/// Most floats of `shares`, and the most rows of a layer over parts.
#define MOST_SHARES 2048u
#define MOST_JOINED_ROWS 8u

/// `values` is null where the rows of a layer are whole.
typedef struct {
    GLOBAL const float *values; // `[rows, heads, parts, size]`
    LOCAL const float *shares;  // `[rows, heads, parts]`: what the values of each part are multiplied with
    LOCAL const uint *used;     // `[rows]`: how many parts have keys
    uint heads;
    uint parts;
    uint size;
} Joined;

/// Finds the shares of all parts, by all threads of a group; they meet afterwards.
///
/// @param states `[rows, heads, parts, 2]`: peak and total of each part
FN void find_shares(
    GLOBAL const float *states, GLOBAL const int *begins, GLOBAL const int *ends, uint rows, uint heads, uint parts,
    LOCAL float *shares, LOCAL uint *used, uint lanes) {
    for (uint item = LANE; item < rows * heads; item += lanes) {
        const uint row = item / heads, span = (uint)(ends[row] - begins[row]), length = part_length(span, parts);
        const uint count = (span + length - 1) / length;
        GLOBAL const float *state = states + item * parts * 2;
        float peak = -INFINITY, total = 0.0f;
        for (uint part = 0; part < count; part++) peak = fmax(peak, state[2 * part]);
        for (uint part = 0; part < count; part++) total += state[2 * part + 1] * exp(state[2 * part] - peak);
        for (uint part = 0; part < count; part++)
            shares[item * parts + part] = exp(state[2 * part] - peak) / total;
        if (item % heads == 0) used[row] = count;
    }
    MEET();
}

/// Four inputs of a row; zero beyond its end.
FN float4 joined_quad(const Joined from, uint row, uint quad, uint inputs) {
    const uint first = 4 * quad;
    float4 sum = (float4)(0.0f);
    if (first >= inputs) return sum;
    const uint place = (row * from.heads + first / from.size) * from.parts;
    GLOBAL const float *values = from.values + place * from.size + first % from.size;
    for (uint part = 0; part < from.used[row]; part++)
        sum += from.shares[place + part] * *(GLOBAL const float4 *)(values + part * from.size);
    return sum;
}
