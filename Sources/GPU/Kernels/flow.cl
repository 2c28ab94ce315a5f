// The start of one Euler step of flow matching, see `FlowEntry`: guidance moves the noisy patch, it is projected, and both
// of its groups are laid out, each `[first + time]` (the free one `[time]`), `[condition]`, `[noisy patch]`.

/// The most values of a patch.
#define MOST_PATCH_VALUES 2048u

/// Sums two values over the 256 threads of a group.
FN float2 sum_of_pairs(float2 pair, LOCAL float2 *scratch) {
    scratch[LANE] = pair;
    MEET();
    for (uint count = WARPS * PANEL / 2; count > 0; count /= 2) {
        if (LANE < count) scratch[LANE] += scratch[LANE + count];
        MEET();
    }
    return scratch[0];
}

/// One panel of hidden columns of one sequence for each group. Every group moves the patch for itself; the first one also
/// stores it, where nobody reads in this launch.
///
/// Groups: (panels, sequences).
///
/// @param velocity both branches of guidance, `group_rows` rows from one group to the next; null: the patch does not move
/// @param first `[sequences, columns]`
KERNEL void OF_FORMAT(enter_flow)(
    GLOBAL const float *noisy, uint noisy_offset, GLOBAL float *moved, uint moved_offset, GLOBAL const float *velocity,
    uint velocity_offset, uint group_values, float cfg, uint zero_star, float delta, GLOBAL const uchar *weights,
    uint panel_bytes, GLOBAL const float *bias, GLOBAL const float *condition, uint condition_offset,
    GLOBAL const float *first, uint first_offset, GLOBAL const float *time, uint time_offset, GLOBAL float *hidden,
    uint hidden_offset, uint patch_size, uint latent_size, uint columns) {
    LOCAL float patch[MOST_PATCH_VALUES];
    LOCAL float2 scratch[WARPS * PANEL];
    const uint slice = LANE / PANEL, lane = LANE % PANEL, column = GROUP_X * PANEL + lane;
    const uint values = patch_size * latent_size, sequence = GROUP_Y;
    GLOBAL const float *own = noisy + noisy_offset + sequence * values;
    if (velocity) {
        GLOBAL const float *guided = velocity + velocity_offset + 2 * sequence * group_values;
        GLOBAL const float *unguided = guided + group_values;
        float scale = 1.0f;
        if (zero_star) {
            float2 products = (float2)(0.0f);
            for (uint i = LANE; i < values; i += WARPS * PANEL) {
                const float base = unguided[i];
                products += (float2)(guided[i] * base, base * base);
            }
            products = sum_of_pairs(products, scratch);
            scale = products.x / (products.y + 1e-8f);
        }
        for (uint i = LANE; i < values; i += WARPS * PANEL) {
            const float base = unguided[i] * scale;
            patch[i] = own[i] - delta * (base + cfg * (guided[i] - base));
            if (GROUP_X == 0) moved[moved_offset + sequence * values + i] = patch[i];
        }
    } else {
        for (uint i = LANE; i < values; i += WARPS * PANEL) patch[i] = own[i];
    }
    MEET();
    if (column >= columns) return;

    const uint group_rows = 1 + 2 * patch_size;
    GLOBAL float *to = hidden + hidden_offset + 2 * sequence * group_rows * columns + column;
    const uint other = group_rows * columns;
    GLOBAL const uchar *panel = weights + (ulong)GROUP_X * panel_bytes;
    const float output_scale = scale_of_output(panel, latent_size, lane);
    for (uint row = slice; row < patch_size; row += WARPS) {
        LOCAL const float *x = patch + row * latent_size;
        float4 sums = (float4)(0.0f);
        for (uint i = 0; i < latent_size; i += 4) {
            const uint left = latent_size - i;
            sums += quad_of_output(panel, i / 4, lane)
                * (float4)(x[i], left > 1 ? x[i + 1] : 0.0f, left > 2 ? x[i + 2] : 0.0f, left > 3 ? x[i + 3] : 0.0f);
        }
        const float sum = (sums.x + sums.y) + (sums.z + sums.w);
        const float projected = sum * output_scale + (bias ? bias[column] : 0.0f);
        const float before = condition[condition_offset + (sequence * patch_size + row) * columns + column];
        to[(1 + row) * columns] = before;
        to[(1 + row) * columns + other] = before;
        to[(1 + patch_size + row) * columns] = projected;
        to[(1 + patch_size + row) * columns + other] = projected;
    }
    if (slice > 0) return;
    const float now = time[time_offset + column];
    to[0] = first[first_offset + sequence * columns + column] + now;
    to[other] = now;
}
