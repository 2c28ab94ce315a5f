// Rotary positions and the store of keys and values. Positions and slots are read from the plan in device memory.

/// Rotates the queries and keys of one row for each group in place, and copies keys and values into the cache.
///
/// @param cosines,sines `[positions, size / 2]`, or null
/// @param keys,values `[slots, kv_heads * size]`, or null
KERNEL void rotary(
    GLOBAL float *qkv, uint qkv_offset, uint qkv_stride, GLOBAL const float *cosines, uint cosines_offset,
    GLOBAL const float *sines, uint sines_offset, GLOBAL float *keys, uint keys_offset, GLOBAL float *values,
    uint values_offset, GLOBAL const int *positions, GLOBAL const int *slots, uint heads, uint kv_heads, uint size) {
    const uint half_size = size / 2, width = kv_heads * size, queries = heads * half_size;
    const uint position = (uint)positions[GROUP_X], slot = (uint)slots[GROUP_X];
    GLOBAL float *row = qkv + qkv_offset + GROUP_X * qkv_stride;
    GLOBAL float *key_row = keys + keys_offset + slot * width;
    GLOBAL float *value_row = values + values_offset + slot * width;

    for (uint pair = LANE; pair < (heads + kv_heads) * half_size; pair += GROUP_LANES) {
        const uint i = pair % half_size, place = pair / half_size * size + i;
        float low = row[place], high = row[place + half_size];
        if (cosines) {
            const float c = cosines[cosines_offset + position * half_size + i];
            const float s = sines[sines_offset + position * half_size + i];
            const float turned = low * c - high * s;
            high = high * c + low * s;
            low = turned;
            row[place] = low;
            row[place + half_size] = high;
        }
        if (keys && pair >= queries) {
            key_row[place - heads * size] = low;
            key_row[place - heads * size + half_size] = high;
        }
    }
    if (!keys) return;
    for (uint i = LANE; i < width; i += GROUP_LANES) value_row[i] = row[(heads + kv_heads) * size + i];
}
