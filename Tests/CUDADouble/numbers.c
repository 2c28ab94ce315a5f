// What instructions make of numbers, rounded to the nearest as PTX says.
#include "numbers.h"

#include <math.h>

/// A number of a type, its sign spread over all bits.
static inline int64_t signed_of(uint64_t bits, ptx_type type) {
    switch (type) {
    case T_S8: return (int8_t)bits;
    case T_S16: return (int16_t)bits;
    case T_S32: return (int32_t)bits;
    case T_S64: return (int64_t)bits;
    default: return (int64_t)fit(bits, type);
    }
}

static inline int is_signed(ptx_type type) { return type == T_S8 || type == T_S16 || type == T_S32 || type == T_S64; }

static int compares(ptx_compare compare, ptx_type type, uint64_t left, uint64_t right) {
    if (type == T_F32) {
        const float a = float_of(left), b = float_of(right);
        const int unordered = isnan(a) || isnan(b);
        switch (compare) {
        case C_EQ: return a == b;
        case C_NE: return !unordered && a != b;
        case C_LT: return a < b;
        case C_LE: return a <= b;
        case C_GT: return a > b;
        case C_GE: return a >= b;
        case C_EQU: return unordered || a == b;
        case C_NEU: return a != b;
        case C_LTU: return unordered || a < b;
        case C_LEU: return unordered || a <= b;
        case C_GTU: return unordered || a > b;
        case C_GEU: return unordered || a >= b;
        case C_NUM: return !unordered;
        default: return unordered;
        }
    }
    const uint64_t a = fit(left, type), b = fit(right, type);
    const int less = is_signed(type) ? signed_of(left, type) < signed_of(right, type) : a < b;
    switch (compare) {
    case C_EQ: return a == b;
    case C_NE: return a != b;
    case C_LT: return less;
    case C_LE: return less || a == b;
    case C_GT: return !less && a != b;
    default: return !less;
    }
}

static float half_of(uint16_t bits) {
    const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    const float size = exponent == 31 ? (mantissa ? NAN : INFINITY)
                       : exponent     ? ldexpf((float)(mantissa | 1024), exponent - 25)
                                      : ldexpf((float)mantissa, -24);
    return bits & 0x8000 ? -size : size;
}

/// The upper half of a float, rounded to the nearest, to even between two.
static uint32_t bfloat_of(float value) {
    const uint32_t bits = (uint32_t)bits_of(value);
    return isnan(value) ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

static uint64_t integer_of(float value, ptx_type type) {
    const int bytes = type_bytes(type);
    const double least = is_signed(type) ? -ldexp(1, 8 * bytes - 1) : 0;
    const double most = ldexp(1, 8 * bytes - is_signed(type)) - 1;
    if (isnan(value) || value <= least) return isnan(value) ? 0 : (uint64_t)(int64_t)least;
    if (value >= most) return is_signed(type) ? (1ull << (8 * bytes - 1)) - 1 : ~0ull;
    return is_signed(type) ? (uint64_t)(int64_t)value : (uint64_t)value;
}

static uint64_t convert(const ptx_instruction *i, uint64_t bits, uint64_t second) {
    if (i->type == T_BF16X2) return (uint64_t)bfloat_of(float_of(bits)) << 16 | bfloat_of(float_of(second));
    if (i->from == T_F16) return bits_of(half_of((uint16_t)bits));
    if (i->from != T_F32) {
        const int64_t value = signed_of(bits, i->from);
        if (i->type != T_F32) return fit((uint64_t)value, i->type);
        return bits_of(i->from == T_U64 ? (float)(uint64_t)value : (float)value);
    }
    float value = float_of(bits);
    switch (i->mode) {
    case M_NEAREST_INTEGER: value = rintf(value); break;
    case M_ZERO_INTEGER: value = truncf(value); break;
    case M_DOWN_INTEGER: value = floorf(value); break;
    case M_UP_INTEGER: value = ceilf(value); break;
    default: break;
    }
    return i->type == T_F32 ? bits_of(value) : fit(integer_of(value, i->type), i->type);
}

static uint64_t product(const ptx_instruction *i, uint64_t a, uint64_t b) {
    const ptx_type type = i->type;
    if (i->mode == M_WIDE)
        return is_signed(type) ? (uint64_t)(signed_of(a, type) * signed_of(b, type)) : fit(a, type) * fit(b, type);
    if (i->mode == M_HI) {
        if (is_signed(type)) return (uint64_t)((__int128)signed_of(a, type) * signed_of(b, type) >> 8 * type_bytes(type));
        return (uint64_t)((unsigned __int128)fit(a, type) * fit(b, type) >> 8 * type_bytes(type));
    }
    return a * b;
}

int calculate(const ptx_instruction *i, uint64_t a, uint64_t b, uint64_t c, uint64_t *result) {
    const ptx_type type = i->type;
    const float x = float_of(a), y = float_of(b), z = float_of(c);
    const unsigned bits = 8 * (unsigned)type_bytes(type);
    if (type == T_F32) {
        switch (i->operation) {
        case OP_fma: *result = bits_of(fmaf(x, y, z)); return 1;
        case OP_add: *result = bits_of(x + y); return 1;
        case OP_sub: *result = bits_of(x - y); return 1;
        case OP_mul: *result = bits_of(x * y); return 1;
        case OP_div: *result = bits_of(x / y); return 1;
        case OP_rcp: *result = bits_of(1.0f / x); return 1;
        case OP_sqrt: *result = bits_of(sqrtf(x)); return 1;
        case OP_abs: *result = a & 0x7fffffff; return 1;
        case OP_neg: *result = (uint32_t)a ^ 0x80000000; return 1;
        case OP_max: *result = bits_of(fmaxf(x, y)); return 1;
        case OP_min: *result = bits_of(fminf(x, y)); return 1;
        default: break;
        }
    }
    switch (i->operation) {
    case OP_mov:
        if (i->width == -2) *result = fit(a, bits == 64 ? T_B32 : T_B16) | b << bits / 2;
        else *result = a;
        break;
    case OP_cvta: *result = a; break;
    case OP_selp: *result = c & 1 ? a : b; break;
    case OP_setp: *result = (uint64_t)compares(i->compare, type, a, b); return 1;
    case OP_cvt: *result = convert(i, a, b); return 1;
    case OP_add: *result = a + b; break;
    case OP_sub: *result = a - b; break;
    case OP_neg: *result = -a; break;
    case OP_and: *result = a & b; break;
    case OP_or: *result = a | b; break;
    case OP_xor: *result = a ^ b; break;
    case OP_not: *result = ~a; break;
    case OP_mul: *result = product(i, a, b); return i->mode == M_WIDE || (*result = fit(*result, type), 1);
    case OP_mad: *result = product(i, a, b) + c; return i->mode == M_WIDE || (*result = fit(*result, type), 1);
    case OP_div: *result = is_signed(type) ? (uint64_t)(signed_of(a, type) / signed_of(b, type)) : fit(a, type) / fit(b, type); break;
    case OP_rem: *result = is_signed(type) ? (uint64_t)(signed_of(a, type) % signed_of(b, type)) : fit(a, type) % fit(b, type); break;
    case OP_min: *result = compares(C_LT, type, a, b) ? a : b; break;
    case OP_max: *result = compares(C_GT, type, a, b) ? a : b; break;
    // Amounts beyond the width are the width.
    case OP_shl: *result = (uint32_t)b >= bits ? 0 : a << (uint32_t)b; break;
    case OP_shr: {
        const uint32_t amount = (uint32_t)b < bits ? (uint32_t)b : bits;
        if (is_signed(type)) *result = (uint64_t)(signed_of(a, type) >> (amount < bits ? amount : bits - 1));
        else *result = amount == bits ? 0 : fit(a, type) >> amount;
        break;
    }
    case OP_bfe: {
        const unsigned first = b & 0xff, count = c & 0xff;
        uint64_t field = first >= bits ? 0 : fit(a, type) >> first;
        if (count < 64) field &= (1ull << count) - 1;
        if (is_signed(type) && count && first + count <= bits && field >> (count - 1) & 1) field |= ~0ull << count;
        *result = field;
        break;
    }
    case OP_clz: *result = fit(a, type) ? (uint64_t)__builtin_clzll(fit(a, type)) - (64 - bits) : bits; return 1;
    case OP_popc: *result = (uint64_t)__builtin_popcountll(fit(a, type)); return 1;
    default: return 0;
    }
    *result = fit(*result, type);
    return 1;
}
