// What the kernels take from their language: OpenCL C 1.2 today. Another front end defines these words its own way.
//
// Limits of every kernel: 256 threads in a group, 48 KB of local memory. Offsets and strides count floats.
#define KERNEL __kernel
#define GLOBAL __global
#define LOCAL __local
#if defined(NV_PTX)
// The compiler would leave large functions apart, and in memory what they index. Drivers of OpenCL put all into one.
#define FN static inline __attribute__((always_inline))
#else
#define FN static inline
#endif

#define LANE ((uint)get_local_id(0))
#define GROUP_X ((uint)get_group_id(0))
#define GROUP_Y ((uint)get_group_id(1))
#define INDEX ((uint)get_global_id(0))

/// All threads of a group wait here for each other and see what each has written to local memory.
#define MEET() barrier(CLK_LOCAL_MEM_FENCE)

/// In front of a loop whose number of rounds is known to the compiler: what it indexes stays in registers then.
#define UNROLL _Pragma("unroll")

/// Outputs of one packed panel, see `LinearWeight`.
#define PANEL 32u

/// 128 bits of memory that no kernel writes, at a multiple of 16 bytes.
FN uint4 load_word(GLOBAL const uchar *from) {
#if defined(NV_PTX)
    // The compiler would split it into four loads.
    uint4 word;
    __asm__("ld.global.nc.v4.u32 {%0, %1, %2, %3}, [%4];"
            : "=r"(word.x), "=r"(word.y), "=r"(word.z), "=r"(word.w)
            : "l"(from));
    return word;
#else
    return *(GLOBAL const uint4 *)from;
#endif
}

/// Two 16-bit floats, that of the low half first.
FN float2 halves_of(uint pair) {
#if defined(NV_PTX)
    float2 floats;
    __asm__("{.reg .f16 low, high; mov.b32 {low, high}, %2; cvt.f32.f16 %0, low; cvt.f32.f16 %1, high;}"
            : "=f"(floats.x), "=f"(floats.y)
            : "r"(pair));
    return floats;
#else
    return vload_half2(0, (const half *)&pair);
#endif
}

/// Two bfloat16, that of the low half first.
FN float2 bfloats_of(uint pair) { return (float2)(as_float(pair << 16), as_float(pair & 0xffff0000u)); }

/// Inputs `4 * quad ... 4 * quad + 3` of a row; zero beyond its end, and nothing is read there.
///
/// @param is_aligned whether the row begins at a multiple of 16 bytes
FN float4 quad_of(GLOBAL const float *row, uint quad, uint inputs, bool is_aligned) {
    const uint first = 4 * quad;
    if (first + 4 <= inputs) return is_aligned ? ((GLOBAL const float4 *)row)[quad] : vload4(0, row + first);
    return (float4)(
        first < inputs ? row[first] : 0.0f, first + 1 < inputs ? row[first + 1] : 0.0f,
        first + 2 < inputs ? row[first + 2] : 0.0f, 0.0f);
}
