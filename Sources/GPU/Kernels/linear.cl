// Linear layers over packed panels, in 32-bit floats, for every device.

/// Rows of a warp.
#define ROWS 8u
/// Floats from what a thread leaves to what the next one of those with the same outputs does: apart enough to meet in no bank
/// of local memory.
#define PART_PITCH(most) ((most) * PANEL + 8)

/// Blocks that a warp reads at the same time for a single row.
#define DEPTH 4u

/// Adds up what the threads of a group have left, and stores it.
///
/// @param parts `[warps, 4, PART_PITCH(most)]`
/// @param square_parts `[warps, 4, ROWS]`
FN void add_parts(
    const Layer layer, const Epilogue to, uint octets, const uint most, LOCAL const float *parts,
    LOCAL const float *square_parts) {
    const uint slices = WARPS / octets, group_first = GROUP_Y * octets * ROWS;
    GLOBAL const uchar *panel = panel_of(layer, GROUP_X);
    for (uint item = LANE; item < octets * ROWS * PANEL; item += LAYER_LANES) {
        const uint output = item % PANEL, own = item / PANEL % ROWS, its_octet = item / PANEL / ROWS;
        const uint row = group_first + its_octet * ROWS + own;
        if (row >= layer.rows || !is_stored(to, GROUP_X, output)) continue;
        const uint partner = to.kind == SILU_GATE ? PANEL / 2 : 0;
        float sum = 0.0f, partner_sum = 0.0f, square = 0.0f;
        for (uint part = 0; part < slices * 4; part++) {
            const uint place = (part / 4 * octets + its_octet) * 4 + part % 4;
            LOCAL const float *sums_of_row = parts + place * PART_PITCH(most) + own * PANEL + output;
            sum += sums_of_row[0];
            partner_sum += sums_of_row[partner];
            square += square_parts[place * ROWS + own];
        }
        const float factor = layer.norm ? norm_factor(layer, square) : 1.0f;
        finish(
            to, sum * factor * scale_of_output(panel, layer.inputs, output),
            partner_sum * factor * scale_of_output(panel, layer.inputs, output + partner), GROUP_X, row, output);
    }
}

/// A group takes `8 * octets` rows of one panel: an octet of rows for each warp, the panel's blocks dealt out to the warps
/// that share an octet. So every weight is read once for all rows of the group, in words of 128 bits that lie side by side.
///
/// @param most no more than `ROWS`, known when this is compiled: the most rows that there are
FN void sum_outputs(
    const Layer layer, const Joined joined, const Epilogue to, uint octets, const uint most, LOCAL float *parts,
    LOCAL float *square_parts) {
    const uint warp = LANE / WARP, lane = LANE % WARP, t = lane % 4, g = lane / 4;
    const uint slices = WARPS / octets, octet = warp % octets;
    const uint first = (GROUP_Y * octets + octet) * ROWS;
    const uint count = first < layer.rows ? min(most, layer.rows - first) : 0;
    const uint blocks = blocks_of(layer.inputs);
    GLOBAL const uchar *panel = panel_of(layer, GROUP_X);
    float sums[ROWS][4], squares[ROWS];
    UNROLL
    for (uint r = 0; r < most; r++) sums[r][0] = sums[r][1] = sums[r][2] = sums[r][3] = squares[r] = 0.0f;

    for (uint block = warp / octets; block < blocks && count > 0; block += slices) {
        const uint quad = 4 * block + t;
        const Weights w = weights_from(words_of(panel, block, lane));
        const float4 gain = gain_of(layer, quad);
        UNROLL
        for (uint r = 0; r < most; r++) {
            if (r >= count) continue;
            float4 v = joined.values ? joined_quad(joined, first + r, quad, layer.inputs)
                                     : quad_of(layer.x + (first + r) * layer.x_stride, quad, layer.inputs,
                                               layer.is_aligned);
            if (layer.norm) {
                squares[r] += dot(v, v);
                v *= gain;
            }
            UNROLL
            for (uint j = 0; j < 4; j++) sums[r][j] += dot(v, w.of[j]);
        }
    }
    UNROLL
    for (uint r = 0; r < most; r++) {
        UNROLL
        for (uint j = 0; j < 4; j++) parts[(warp * 4 + t) * PART_PITCH(most) + r * PANEL + 8 * j + g] = sums[r][j];
        if (g == 0) square_parts[(warp * 4 + t) * ROWS + r] = squares[r];
    }
    MEET();
    add_parts(layer, to, octets, most, parts, square_parts);
}

/// The same for a single row: all warps share it, and each has several blocks on their way at the same time.
FN void sum_outputs_of_one(const Layer layer, const Epilogue to, LOCAL float *parts, LOCAL float *square_parts) {
    const uint warp = LANE / WARP, lane = LANE % WARP, t = lane % 4, g = lane / 4, blocks = blocks_of(layer.inputs);
    GLOBAL const uchar *panel = panel_of(layer, GROUP_X);
    float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f}, square = 0.0f;
    for (uint start = warp; start < blocks; start += WARPS * DEPTH) {
        Words words[DEPTH];
        float4 v[DEPTH], gain[DEPTH];
        UNROLL
        for (uint d = 0; d < DEPTH; d++) {
            const uint block = min(start + d * WARPS, blocks - 1), quad = 4 * block + t;
            words[d] = words_of(panel, block, lane);
            gain[d] = gain_of(layer, quad);
            // What is beyond the last block are zeros.
            const uint inputs = start + d * WARPS < blocks ? layer.inputs : 0;
            v[d] = quad_of(layer.x, quad, inputs, layer.is_aligned);
        }
        UNROLL
        for (uint d = 0; d < DEPTH; d++) {
            const Weights w = weights_from(words[d]);
            if (layer.norm) {
                square += dot(v[d], v[d]);
                v[d] *= gain[d];
            }
            UNROLL
            for (uint j = 0; j < 4; j++) sums[j] += dot(v[d], w.of[j]);
        }
    }
    UNROLL
    for (uint j = 0; j < 4; j++) parts[(warp * 4 + t) * PART_PITCH(1) + 8 * j + g] = sums[j];
    if (g == 0) square_parts[(warp * 4 + t) * ROWS] = square;
    MEET();
    add_parts(layer, to, 1, 1, parts, square_parts);
}

#define PARTS_OF_GROUP(most)                                                                                              \
    LOCAL float parts[WARPS * 4 * PART_PITCH(most)];                                                                      \
    LOCAL float square_parts[WARPS * 4 * ROWS];                                                                           \
    const Layer layer = LAYER_OF_ARGUMENTS;                                                                               \
    const Epilogue to = EPILOGUE_OF_ARGUMENTS

/// A single row.
///
/// Groups: (panels, 1).
KERNEL void OF_FORMAT(linear_one)(LAYER) {
    PARTS_OF_GROUP(1);
    sum_outputs_of_one(layer, to, parts, square_parts);
}

/// Any number of rows.
///
/// @param octets 1, 2, 4 or 8
/// Groups: (panels, rows / (8 * octets)).
KERNEL void OF_FORMAT(linear_rows)(LAYER, uint octets) {
    PARTS_OF_GROUP(ROWS);
    const Joined nothing = {0, 0, 0, 0, 0, 0};
    sum_outputs(layer, nothing, to, octets, ROWS, parts, square_parts);
}

/// Up to eight rows that attention has left in parts.
///
/// @param parted what `attention` left in `scratch`
/// Groups: (panels, 1).
KERNEL void OF_FORMAT(linear_joined)(
    LAYER, GLOBAL const float *parted, GLOBAL const int *begins, GLOBAL const int *ends, uint heads, uint span_parts) {
    LOCAL float shares[MOST_SHARES];
    LOCAL uint used[MOST_JOINED_ROWS];
    find_shares(
        parted + rows * inputs * span_parts, begins, ends, rows, heads, span_parts, shares, used, LAYER_LANES);
    const Joined joined = {parted, shares, used, heads, span_parts, inputs / heads};
    PARTS_OF_GROUP(ROWS);
    sum_outputs(layer, joined, to, 1, ROWS, parts, square_parts);
}
