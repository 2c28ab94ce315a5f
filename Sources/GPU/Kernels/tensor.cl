// Linear layers over packed panels on tensor cores. A block of `weights.h` is two tiles of 16 outputs by 16 inputs as the
// instruction wants them; rows are its columns.
//
// Tensor cores multiply bfloat16. Weights in bfloat16 and 8-bit integers are that exactly, those in 16-bit floats are the
// sum of two. The 32-bit floats of the rows are taken as the sum of three, which is all of them: two would leave 2^-18 of a
// value, and the sums of long rows would be off by more than the limit of `KernelCheck`. No number is too large for it.

/// Rows of a tile, and its tiles in a group.
#define TILE_ROWS 8u
#define TILES 4u
/// Floats from one row of sums to the next: no two threads that write together meet in a bank.
#define SUM_PITCH (PANEL + 4)

/// In front of loops over tiles: the instruction needs them unrolled, its stand-in would take forever to compile.
#if defined(NV_PTX)
#define UNROLL_TILES UNROLL
#else
#define UNROLL_TILES
#endif

/// Four inputs as bfloat16, in two pairs, and what that leaves, and what that leaves.
typedef struct {
    uint2 part[3];
} Parted;

#if defined(WEIGHTS_F16)
#define WEIGHT_PARTS 2u
#else
#define WEIGHT_PARTS 1u
#endif

/// What a lane has of a block, in parts.
typedef struct {
    Parted of[4];
} PartedWeights;

/// The first `count` parts of four floats.
FN Parted parts_of(float4 floats, const uint count) {
    Parted parts;
    UNROLL
    for (uint p = 0; p < count; p++) {
        parts.part[p] = (uint2)(bfloats_from(floats.x, floats.y), bfloats_from(floats.z, floats.w));
        floats -= (float4)(bfloats_of(parts.part[p].x), bfloats_of(parts.part[p].y));
    }
    return parts;
}

FN PartedWeights parts_of_block(const Words words) {
    PartedWeights parts;
#if defined(WEIGHTS_BF16)
    uint2 pairs[4];
    pairs_from(words, pairs);
    UNROLL
    for (uint j = 0; j < 4; j++) parts.of[j].part[0] = pairs[j];
#else
    const Weights weights = weights_from(words);
    UNROLL
    for (uint j = 0; j < 4; j++) parts.of[j] = parts_of(weights.of[j], WEIGHT_PARTS);
#endif
    return parts;
}

/// A group takes up to `8 * most` rows of `spread` panels: a panel for each warp, its blocks dealt out to the warps that
/// share it. So every weight is read once for all rows of the group.
///
/// @param most no more than `TILES`, known when this is compiled: the most tiles of rows that there are
/// @param sums_of_warps `[warps, TILE_ROWS * TILES, SUM_PITCH]`
/// @param square_parts `[warps, 4, TILE_ROWS * TILES]`
FN void multiply_tiles(
    const Layer layer, const Epilogue to, uint panels, uint spread, const uint most, LOCAL float *sums_of_warps,
    LOCAL float *square_parts) {
    const uint warp = LANE / WARP, lane = LANE % WARP, t = lane % 4, g = lane / 4;
    const uint slices = WARPS / spread, slice = warp / spread, panel = GROUP_X * spread + warp % spread;
    const uint first = GROUP_Y * TILE_ROWS * most, count = min(TILE_ROWS * most, layer.rows - first);
    const uint blocks = blocks_of(layer.inputs);
    GLOBAL const uchar *weights = panel_of(layer, min(panel, panels - 1));
    GLOBAL const float *x = layer.x + first * layer.x_stride;
    // What the instruction's stand-in needs is free until the sums are written.
    LOCAL uint *scratch = (LOCAL uint *)sums_of_warps + warp * MMA_WORDS;
    float sums[TILES][2][4], squares[TILES];
    UNROLL_TILES
    for (uint n = 0; n < most; n++) {
        squares[n] = 0.0f;
        UNROLL_TILES
        for (uint i = 0; i < 4; i++) sums[n][0][i] = sums[n][1][i] = 0.0f;
    }

    // As many rounds for every warp, since the stand-in meets: what is beyond the last block are rows of zeros. The next
    // block is on its way while this one is multiplied.
    Words next = words_of(weights, min(slice, blocks - 1), lane);
    for (uint start = 0; start < blocks; start += slices) {
        const uint block = min(start + slice, blocks - 1), quad = 4 * block + t;
        const bool is_there = start + slice < blocks;
        const PartedWeights w = parts_of_block(next);
        next = words_of(weights, min(start + slices + slice, blocks - 1), lane);
        const float4 gain = gain_of(layer, quad);
        float4 values[TILES];
        UNROLL_TILES
        for (uint n = 0; n < most; n++) {
            const uint row = n * TILE_ROWS + g;
            values[n] = (float4)(0.0f);
            if (is_there && row < count)
                values[n] = quad_of(x + row * layer.x_stride, quad, layer.inputs, layer.is_aligned);
        }
        UNROLL_TILES
        for (uint n = 0; n < most; n++) {
            if (n * TILE_ROWS >= count) continue;
            float4 v = values[n];
            if (layer.norm) {
                squares[n] += dot(v, v);
                v *= gain;
            }
            const Parted parts = parts_of(v, 3);
            UNROLL_TILES
            for (uint m = 0; m < 2; m++) {
                UNROLL_TILES
                for (uint p = 0; p < WEIGHT_PARTS; p++) {
                    const uint2 upper = w.of[2 * m].part[p], lower = w.of[2 * m + 1].part[p];
                    const uint a[4] = {upper.x, lower.x, upper.y, lower.y};
                    // The small ones first. The last part of both has no weight.
                    UNROLL_TILES
                    for (uint q = 3 - p; q-- > 0;) mma(sums[n][m], a, parts.part[q], scratch, lane);
                }
            }
        }
    }
    UNROLL_TILES
    for (uint n = 0; n < most; n++) {
        UNROLL_TILES
        for (uint m = 0; m < 2; m++) {
            UNROLL_TILES
            for (uint i = 0; i < 4; i++) {
                const uint row = n * TILE_ROWS + 2 * t + i % 2, output = 16 * m + g + i / 2 * 8;
                sums_of_warps[(warp * TILE_ROWS * most + row) * SUM_PITCH + output] = sums[n][m][i];
            }
        }
        square_parts[(warp * 4 + t) * TILE_ROWS * most + n * TILE_ROWS + g] = squares[n];
    }
    MEET();

    for (uint item = LANE; item < spread * count * PANEL; item += LAYER_LANES) {
        const uint output = item % PANEL, row = item / PANEL % count, own = item / PANEL / count;
        const uint its_panel = GROUP_X * spread + own;
        if (its_panel >= panels || !is_stored(to, its_panel, output)) continue;
        const uint partner = to.kind == SILU_GATE ? PANEL / 2 : 0;
        float sum = 0.0f, partner_sum = 0.0f, square = 0.0f;
        for (uint s = 0; s < slices; s++) {
            const uint its_warp = s * spread + own;
            LOCAL const float *sums_of_row = sums_of_warps + (its_warp * TILE_ROWS * most + row) * SUM_PITCH + output;
            sum += sums_of_row[0];
            partner_sum += sums_of_row[partner];
            for (uint part = 0; part < 4; part++)
                square += square_parts[(its_warp * 4 + part) * TILE_ROWS * most + row];
        }
        GLOBAL const uchar *weights_of_it = panel_of(layer, its_panel);
        const float factor = layer.norm ? norm_factor(layer, square) : 1.0f;
        finish(
            to, sum * factor * scale_of_output(weights_of_it, layer.inputs, output),
            partner_sum * factor * scale_of_output(weights_of_it, layer.inputs, output + partner), its_panel,
            first + row, output);
    }
}

#define MULTIPLY_TILES(most)                                                                                              \
    LOCAL float sums_of_warps[WARPS * TILE_ROWS * most * SUM_PITCH];                                                      \
    LOCAL float square_parts[WARPS * 4 * TILE_ROWS * most];                                                               \
    const Layer layer = LAYER_OF_ARGUMENTS;                                                                               \
    const Epilogue to = EPILOGUE_OF_ARGUMENTS;                                                                            \
    multiply_tiles(layer, to, panels, spread, most, sums_of_warps, square_parts)

/// Up to eight rows for each group.
///
/// @param panels of the weight
/// @param spread 1, 2, 4 or 8
/// Groups: (panels / spread, rows / 8).
KERNEL void OF_FORMAT(linear_tensor_few)(LAYER, uint panels, uint spread) { MULTIPLY_TILES(1); }

/// Up to 32 rows for each group.
///
/// Groups: (panels / spread, rows / 32).
KERNEL void OF_FORMAT(linear_tensor)(LAYER, uint panels, uint spread) { MULTIPLY_TILES(TILES); }
