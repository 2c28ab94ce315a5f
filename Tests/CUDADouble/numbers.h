// Numbers as PTX has them in registers, and what instructions make of them.
#ifndef NUMBERS_H
#define NUMBERS_H

#include "code.h"

#include <string.h>

static inline float float_of(uint64_t bits) {
    const uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, 4);
    return value;
}

static inline uint64_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return bits;
}

/// The bits of a register that a type leaves.
static inline uint64_t fit(uint64_t bits, ptx_type type) {
    switch (type) {
    case T_PRED: return bits & 1;
    case T_S8: return (uint16_t)(int16_t)(int8_t)bits;
    case T_B8: case T_U8: return (uint8_t)bits;
    case T_B16: case T_U16: case T_S16: case T_F16: return (uint16_t)bits;
    case T_B64: case T_U64: case T_S64: return bits;
    default: return (uint32_t)bits;
    }
}

/// What an instruction that needs nothing but registers makes of up to three operands. Returns 0 where it is another one.
int calculate(const ptx_instruction *i, uint64_t a, uint64_t b, uint64_t c, uint64_t *result);

#endif
