// How long spans of keys are split into parts, which the attention leaves and a linear layer joins.

/// Keys of a tile.
#define TILE_KEYS 32u

/// Keys of each part where a span is split, whole tiles. The last parts may be empty.
FN uint part_length(uint span, uint parts) {
    return ((span + parts - 1) / parts + TILE_KEYS - 1) / TILE_KEYS * TILE_KEYS;
}
