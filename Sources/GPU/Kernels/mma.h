// The product of a tensor core, `D[16, 8] += A[16, 16] B[16, 8]` of bfloat16 into 32-bit floats: one instruction of NVIDIA's
// cards, and the same by way of local memory elsewhere, so that who holds what is tried where no card is.
//
// With lane = 4 g + t, and k in pairs with the earlier in the low half:
//   a[0], a[1]: rows g and g + 8, k = 2 t, 2 t + 1       a[2], a[3]: the same rows, k = 2 t + 8, 2 t + 9
//   b[0]: column g, k = 2 t, 2 t + 1                      b[1]: column g, k = 2 t + 8, 2 t + 9
//   d[0], d[1]: row g, columns 2 t, 2 t + 1               d[2], d[3]: row g + 8, the same columns

/// Two floats rounded to bfloat16, the first in the low half.
FN uint bfloats_from(float low, float high) {
#if defined(NV_PTX)
    uint pair;
    __asm__("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
#else
    const uint l = as_uint(low), h = as_uint(high);
    return ((l + 0x7fffu + (l >> 16 & 1u)) >> 16) | ((h + 0x7fffu + (h >> 16 & 1u)) & 0xffff0000u);
#endif
}

/// What a warp needs of local memory to do without the instruction, in words.
#define MMA_WORDS 192u

/// All threads of a group call this together.
///
/// @param scratch `MMA_WORDS` of the warp's own
FN void mma(float d[4], const uint a[4], const uint2 b, LOCAL uint *scratch, uint lane) {
#if defined(NV_PTX)
    __asm__ volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                     "{%0, %1, %2, %3};"
                     : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b.x), "r"(b.y));
#else
    const uint g = lane / 4, t = lane % 4;
    for (uint i = 0; i < 4; i++) scratch[i * 32 + lane] = a[i];
    scratch[128 + lane] = b.x;
    scratch[160 + lane] = b.y;
    MEET();
    for (uint step = 0; step < 2; step++) {
        for (uint pair = 0; pair < 4; pair++) {
            const float2 upper = bfloats_of(scratch[64 * step + 4 * g + pair]);
            const float2 lower = bfloats_of(scratch[64 * step + 32 + 4 * g + pair]);
            for (uint n = 0; n < 2; n++) {
                const float2 column = bfloats_of(scratch[128 + 32 * step + 4 * (2 * t + n) + pair]);
                d[n] += upper.x * column.x + upper.y * column.y;
                d[2 + n] += lower.x * column.x + lower.y * column.y;
            }
        }
    }
    MEET();
#endif
}
