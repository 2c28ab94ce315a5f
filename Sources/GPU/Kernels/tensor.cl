// Linear layers over packed panels on tensor cores. A block of `weights.h` is two tiles of 16 outputs by 16 inputs as the
// instruction wants them; rows are its columns.
//
// Tensor cores multiply bfloat16. Weights in bfloat16 and 8-bit integers are that exactly. The 32-bit floats of the rows are
// taken as the sum of two, and so are weights in 16-bit floats: then a product is off by 2^-17 of itself at most, and no
// number is too large.

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

/// What a lane has of a block, each output's four inputs as two pairs; `low` is what `high` leaves.
typedef struct {
    uint2 high[4];
    uint2 low[4];
} Pairs;

/// Splits four floats.
FN void split(float4 floats, uint2 *high, uint2 *low) {
    *high = (uint2)(bfloats_from(floats.x, floats.y), bfloats_from(floats.z, floats.w));
    floats -= (float4)(bfloats_of(high->x), bfloats_of(high->y));
    *low = (uint2)(bfloats_from(floats.x, floats.y), bfloats_from(floats.z, floats.w));
}

#if defined(WEIGHTS_F16)
#define WEIGHTS_HAVE_LOW 1
#else
#define WEIGHTS_HAVE_LOW 0
#endif

FN Pairs pairs_of_block(GLOBAL const uchar *panel, uint block, uint lane) {
    Pairs pairs;
#if defined(WEIGHTS_BF16)
    pairs_of(panel, block, lane, pairs.high);
#else
    const Weights weights = weights_of(panel, block, lane);
    for (uint j = 0; j < 4; j++) split(weights.of[j], &pairs.high[j], &pairs.low[j]);
#endif
    return pairs;
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

    // As many rounds for every warp, since the stand-in meets: what is beyond the last block are rows of zeros.
    for (uint start = 0; start < blocks; start += slices) {
        const uint block = min(start + slice, blocks - 1), quad = 4 * block + t;
        const bool is_there = start + slice < blocks;
        const Pairs w = pairs_of_block(weights, block, lane);
        const float4 gain = gain_of(layer, quad);
        UNROLL_TILES
        for (uint n = 0; n < most; n++) {
            if (n * TILE_ROWS >= count) continue;
            const uint row = n * TILE_ROWS + g;
            float4 v = (float4)(0.0f);
            if (is_there && row < count) v = quad_of(x + row * layer.x_stride, quad, layer.inputs, layer.is_aligned);
            if (layer.norm) {
                squares[n] += dot(v, v);
                v *= gain;
            }
            uint2 high, low;
            split(v, &high, &low);
            UNROLL_TILES
            for (uint m = 0; m < 2; m++) {
                const uint2 upper = w.high[2 * m], lower = w.high[2 * m + 1];
                const uint a[4] = {upper.x, lower.x, upper.y, lower.y};
                mma(sums[n][m], a, low, scratch, lane);
#if WEIGHTS_HAVE_LOW
                const uint2 upper_low = w.low[2 * m], lower_low = w.low[2 * m + 1];
                const uint a_low[4] = {upper_low.x, lower_low.x, upper_low.y, lower_low.y};
                mma(sums[n][m], a_low, high, scratch, lane);
#endif
                mma(sums[n][m], a, high, scratch, lane);
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
