// Attention of query rows over spans of key rows, with grouped heads. Positions, slots and spans are read from the plan in
// device memory, so that a launch is the same whatever they are.

/// Threads of a group.
#define ATTENTION_LANES 256u
/// Most query vectors of a group: the heads that share keys, of one row or of several.
#define MOST_VECTORS 32u
/// Floats of all query vectors of a group.
#define QUERY_FLOATS 2048u
/// Floats that the keys of a tile may take.
#define KEY_FLOATS 4128u

/// Which keys are still as the linear layer left them: none, all (those of the step's own rows), or the newest one, which
/// is in `qkv` and not in the cache yet.
#define FRESH_NONE 0u
#define FRESH_ALL 1u
#define FRESH_NEWEST 2u

/// The value pair (low, high) rotated to the position and pair that `at` stands for; as it was where there is no table.
FN float2 rotated(float2 pair, GLOBAL const float *cosines, GLOBAL const float *sines, uint at) {
    if (!cosines) return pair;
    const float c = cosines[at], s = sines[at];
    return (float2)(pair.x * c - pair.y * s, pair.y * c + pair.x * s);
}

/// The heads that share keys, of `group_rows` rows, for each group. Keys pass by in tiles, and the softmax is brought up to
/// date with each tile, so that a span may be of any length. Where there are several rows to a group, their spans must
/// begin at the same key.
///
/// With several parts, a group sees one part of its row's span and leaves, in `scratch`, the sum of its values
/// `[rows, heads, parts, size]`, and behind all of them peak and total of its shares `[rows, heads, parts, 2]`. Parts
/// without keys leave nothing.
///
/// Groups: (head blocks * parts, rows / group_rows); a block is `group_heads` heads, or fewer, that share their keys.
KERNEL void attention(
    GLOBAL const float *qkv, uint qkv_offset, uint qkv_stride, GLOBAL const float *cosines, uint cosines_offset,
    GLOBAL const float *sines, uint sines_offset, GLOBAL float *keys, uint keys_offset, uint keys_stride,
    GLOBAL float *values, uint values_offset, uint values_stride, GLOBAL float *out, uint out_offset, uint out_stride,
    GLOBAL const int *positions, GLOBAL const int *slots, GLOBAL const int *begins, GLOBAL const int *ends, uint rows,
    uint heads, uint kv_heads, uint size, uint group_heads, uint group_rows, uint fresh, uint parts,
    GLOBAL float *scratch) {
    LOCAL float query[QUERY_FLOATS];
    LOCAL float result[QUERY_FLOATS];
    LOCAL float key[KEY_FLOATS];
    LOCAL float shares[MOST_VECTORS * TILE_KEYS];
    LOCAL float peaks[MOST_VECTORS];
    LOCAL float totals[MOST_VECTORS];
    LOCAL float fades[MOST_VECTORS];
    LOCAL uint row_ends[MOST_VECTORS];
    const uint half_size = size / 2, key_pitch = size + 1, tile = min(TILE_KEYS, KEY_FLOATS / key_pitch);
    const uint part = GROUP_X % parts, block = GROUP_X / parts;
    const uint per_key = heads / kv_heads, blocks = (per_key + group_heads - 1) / group_heads;
    const uint kv_head = block / blocks, skipped = block % blocks * group_heads;
    const uint first_head = kv_head * per_key + skipped, head_count = min(group_heads, per_key - skipped);
    const uint first_row = GROUP_Y * group_rows, row_count = min(group_rows, rows - first_row);
    const uint vectors = head_count * row_count;
    const float scale = 1.0f / sqrt((float)size);
    qkv += qkv_offset;
    if (cosines) {
        cosines += cosines_offset;
        sines += sines_offset;
    }
    keys += keys_offset + kv_head * size;
    values += values_offset + kv_head * size;

    const uint begin = (uint)begins[first_row];
    uint end = 0;
    for (uint r = 0; r < row_count; r++) end = max(end, (uint)ends[first_row + r]);
    const uint length = parts > 1 ? part_length(end - begin, parts) : end - begin;
    const uint from = begin + part * length, to = min(end, from + length);
    if (from >= to) return;

    for (uint item = LANE; item < vectors * half_size; item += ATTENTION_LANES) {
        const uint v = item / half_size, i = item % half_size, row = first_row + v / head_count;
        GLOBAL const float *source = qkv + row * qkv_stride + (first_head + v % head_count) * size;
        float2 pair = (float2)(source[i], source[i + half_size]);
        if (fresh != FRESH_NONE) pair = rotated(pair, cosines, sines, (uint)positions[row] * half_size + i);
        query[v * size + i] = pair.x * scale;
        query[v * size + i + half_size] = pair.y * scale;
        result[v * size + i] = result[v * size + i + half_size] = 0.0f;
    }
    if (LANE < vectors) {
        peaks[LANE] = -INFINITY;
        totals[LANE] = 0.0f;
        row_ends[LANE] = (uint)ends[first_row + LANE / head_count];
    }

    // The newest key and value, where they are not in the cache yet: one group of those that see them puts them there.
    const uint newest = fresh == FRESH_NEWEST ? (uint)slots[first_row] : 0xffffffffu;
    GLOBAL const float *own_key = qkv + first_row * qkv_stride + (heads + kv_head) * size;
    GLOBAL const float *own_value = own_key + kv_heads * size;
    if (newest >= from && newest < to && skipped == 0) {
        for (uint i = LANE; i < size; i += ATTENTION_LANES) values[newest * values_stride + i] = own_value[i];
    }

    for (uint start = from; start < to; start += tile) {
        const uint count = min(tile, to - start);
        for (uint item = LANE; item < count * half_size; item += ATTENTION_LANES) {
            const uint t = item / half_size, i = item % half_size, at = start + t;
            const bool is_newest = at == newest;
            GLOBAL const float *source = is_newest ? own_key : keys + at * keys_stride;
            float2 pair = (float2)(source[i], source[i + half_size]);
            if (is_newest || fresh == FRESH_ALL) {
                const uint position = (uint)positions[is_newest ? first_row : at];
                pair = rotated(pair, cosines, sines, position * half_size + i);
            }
            if (is_newest && skipped == 0) {
                keys[at * keys_stride + i] = pair.x;
                keys[at * keys_stride + i + half_size] = pair.y;
            }
            key[t * key_pitch + i] = pair.x;
            key[t * key_pitch + i + half_size] = pair.y;
        }
        MEET();

        // Scores: a thread has one key and up to four vectors, which lie far enough apart that a warp reads one query.
        const uint t = LANE % TILE_KEYS, first = LANE / TILE_KEYS, stride = ATTENTION_LANES / TILE_KEYS;
        if (t < count && first < vectors) {
            LOCAL const float *own = key + t * key_pitch;
            LOCAL const float *queries[4];
            float scores[4];
            for (uint j = 0; j < 4; j++) {
                queries[j] = query + min(first + j * stride, vectors - 1) * size;
                scores[j] = 0.0f;
            }
            if (vectors <= stride) {
                for (uint i = 0; i < size; i++) scores[0] += own[i] * queries[0][i];
            } else {
                for (uint i = 0; i < size; i++)
                    for (uint j = 0; j < 4; j++) scores[j] += own[i] * queries[j][i];
            }
            for (uint j = 0; j < 4; j++) {
                const uint v = first + j * stride;
                if (v < vectors) shares[v * TILE_KEYS + t] = start + t < row_ends[v] ? scores[j] : -INFINITY;
            }
        }
        MEET();
        if (LANE < vectors) {
            float peak = peaks[LANE];
            for (uint s = 0; s < count; s++) peak = fmax(peak, shares[LANE * TILE_KEYS + s]);
            fades[LANE] = totals[LANE] > 0.0f ? exp(peaks[LANE] - peak) : 0.0f;
            peaks[LANE] = peak;
        }
        MEET();
        for (uint v = first; v < (vectors + 3) / 4 * 4; v += stride) {
            float share = 0.0f;
            if (v < vectors && t < count && start + t < row_ends[v])
                share = exp(shares[v * TILE_KEYS + t] - peaks[v]);
            shares[v * TILE_KEYS + t] = share;
        }
        MEET();
        if (LANE < vectors) {
            float total = totals[LANE] * fades[LANE];
            for (uint s = 0; s < count; s++) total += shares[LANE * TILE_KEYS + s];
            totals[LANE] = total;
        }
        // Values: a thread has one column and four vectors, so that a value is read once for them.
        for (uint item = LANE; item < (vectors + 3) / 4 * size; item += ATTENTION_LANES) {
            const uint i = item % size, v = item / size * 4;
            float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
            for (uint s = 0; s < count; s++) {
                const uint at = start + s;
                const float value = at == newest ? own_value[i] : values[at * values_stride + i];
                for (uint j = 0; j < 4; j++) sums[j] += shares[(v + j) * TILE_KEYS + s] * value;
            }
            for (uint j = 0; j < 4 && v + j < vectors; j++)
                result[(v + j) * size + i] = result[(v + j) * size + i] * fades[v + j] + sums[j];
        }
        MEET();
    }

    for (uint item = LANE; item < vectors * size; item += ATTENTION_LANES) {
        const uint v = item / size, i = item % size, row = first_row + v / head_count;
        const uint head = first_head + v % head_count;
        if (parts == 1) {
            out[out_offset + row * out_stride + head * size + i] = result[item] / totals[v];
        } else {
            scratch[((row * heads + head) * parts + part) * size + i] = result[item];
        }
    }
    if (parts > 1 && LANE < vectors) {
        const uint head = first_head + LANE, place = (first_row * heads + head) * parts + part;
        GLOBAL float *state = scratch + rows * heads * parts * size + 2 * place;
        state[0] = peaks[LANE];
        state[1] = totals[LANE];
    }
}
