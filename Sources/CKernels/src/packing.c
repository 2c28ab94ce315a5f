// Weight packing and number formats.
#include <math.h>
#include <string.h>

#include "mynah_kernels.h"

static uint16_t to_bf16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)((bits >> 16) | 0x40u); // NaN stays NaN
    return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);                 // round half to even
}

static float from_bf16(uint16_t half) {
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

void mynah_pack_f32(const float *const *rows, size_t count, size_t k, float *panel) {
    for (size_t i = 0; i < k; i++)
        for (size_t c = 0; c < MYNAH_PANEL; c++) panel[i * MYNAH_PANEL + c] = c < count ? rows[c][i] : 0.0f;
}

void mynah_pack_bf16(const float *const *rows, size_t count, size_t k, uint32_t *panel) {
    const size_t half = MYNAH_PANEL / 2;
    for (size_t i = 0; i < k; i++)
        for (size_t c = 0; c < half; c++) {
            uint32_t low = c < count ? to_bf16(rows[c][i]) : 0;
            uint32_t high = c + half < count ? to_bf16(rows[c + half][i]) : 0;
            panel[i * half + c] = low | high << 16;
        }
}

void mynah_pack_int8(const float *const *rows, size_t count, size_t k, void *panel) {
    int8_t *bytes = panel;
    const size_t groups = (k + 3) / 4;
    float *scales = (float *)(bytes + groups * 4 * MYNAH_PANEL);
    int32_t *totals = (int32_t *)(scales + MYNAH_PANEL);
    memset(panel, 0, MYNAH_INT8_PANEL_BYTES(k));
    for (size_t c = 0; c < count; c++) {
        float peak = 0;
        for (size_t i = 0; i < k; i++) peak = fabsf(rows[c][i]) > peak ? fabsf(rows[c][i]) : peak;
        const float inverse = peak > 0 ? 127.0f / peak : 0.0f;
        for (size_t i = 0; i < k; i++) {
            int32_t q = (int32_t)rintf(rows[c][i] * inverse);
            bytes[(i / 4) * 4 * MYNAH_PANEL + c * 4 + i % 4] = (int8_t)q;
            totals[i / MYNAH_INT8_BLOCK * MYNAH_PANEL + c] += q;
        }
        scales[c] = peak / 127.0f;
    }
}

void mynah_bf16_to_f32(const void *source, size_t count, float *out) {
    const unsigned char *bytes = source;
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, bytes + 2 * i, 2);
        out[i] = from_bf16(half);
    }
}

void mynah_f16_to_f32(const void *source, size_t count, float *out) {
    const unsigned char *bytes = source;
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, bytes + 2 * i, 2);
        uint32_t sign = (uint32_t)(half >> 15) << 31, exponent = half >> 10 & 31, fraction = half & 1023, bits;
        if (exponent == 31) {
            bits = sign | 0x7f800000u | fraction << 13;
        } else if (exponent) {
            bits = sign | (exponent + 112) << 23 | fraction << 13;
        } else {
            float tiny = (float)fraction * 0x1p-24f; // subnormal
            memcpy(&bits, &tiny, 4);
            bits |= sign;
        }
        memcpy(out + i, &bits, 4);
    }
}

void mynah_f32_to_bf16(const float *source, size_t count, void *out) {
    unsigned char *bytes = out;
    for (size_t i = 0; i < count; i++) {
        uint16_t half = to_bf16(source[i]);
        memcpy(bytes + 2 * i, &half, 2);
    }
}

void mynah_f32_to_f16(const float *source, size_t count, void *out) {
    unsigned char *bytes = out;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, source + i, 4);
        uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
        uint16_t half;
        if (magnitude > 0x7f800000u) {
            half = (uint16_t)(sign | 0x7e00u);
        } else if (magnitude >= 0x477ff000u) { // rounds to infinity
            half = (uint16_t)(sign | 0x7c00u);
        } else if (magnitude < 0x38800000u) { // subnormal or zero: adding 0.5 aligns the fraction, rounding included
            float value, shifted;
            memcpy(&value, &magnitude, 4);
            shifted = value + 0.5f;
            uint32_t shifted_bits;
            memcpy(&shifted_bits, &shifted, 4);
            half = (uint16_t)(sign | (shifted_bits - 0x3f000000u));
        } else {
            half = (uint16_t)(sign | ((magnitude + 0xc8000fffu + (magnitude >> 13 & 1u)) >> 13));
        }
        memcpy(bytes + 2 * i, &half, 2);
    }
}

void mynah_guide(
    const float *guided, const float *free_branch, size_t count, float cfg, int zero_star, float dt, float *x) {
    float scale = 1.0f;
    if (zero_star) {
        float dot = 0, norm = 0;
        for (size_t i = 0; i < count; i++) {
            dot += guided[i] * free_branch[i];
            norm += free_branch[i] * free_branch[i];
        }
        scale = dot / (norm + 1e-8f);
    }
    for (size_t i = 0; i < count; i++) {
        float base = free_branch[i] * scale;
        x[i] -= dt * (base + cfg * (guided[i] - base));
    }
}

#define REORDER(type)                                                                                                     \
    for (size_t start = 0; start < count; start += block) {                                                              \
        const type *from = (const type *)source + start;                                                                 \
        type *to = (type *)out + start;                                                                                  \
        size_t left = count - start;                                                                                     \
        if (left >= block) {                                                                                             \
            for (size_t i = 0; i < block; i++) to[i] = from[order[i]];                                                   \
        } else {                                                                                                         \
            for (size_t i = 0; i < block; i++)                                                                           \
                if (order[i] < left) to[i] = from[order[i]];                                                             \
        }                                                                                                                \
    }

void mynah_reorder(
    const void *source, size_t count, size_t size, const uint16_t *order, size_t block, void *out) {
    switch (size) {
    case 1: REORDER(uint8_t) break;
    case 2: REORDER(uint16_t) break;
    case 4: REORDER(uint32_t) break;
    }
}
