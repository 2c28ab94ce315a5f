// What the kernels take from their language: OpenCL C 1.2 today. Another front end defines these words its own way.
//
// Limits of every kernel: 256 threads in a group, 48 KB of local memory. Offsets and strides count floats.
#define KERNEL __kernel
#define GLOBAL __global
#define LOCAL __local
#define FN static inline

#define LANE ((uint)get_local_id(0))
#define GROUP_X ((uint)get_group_id(0))
#define GROUP_Y ((uint)get_group_id(1))
#define INDEX ((uint)get_global_id(0))

/// All threads of a group wait here for each other and see what each has written to local memory.
#define MEET() barrier(CLK_LOCAL_MEM_FENCE)

/// Outputs of one packed panel, see `LinearWeight`.
#define PANEL 32u

/// Inputs `4 * quad ... 4 * quad + 3` of a row; zero beyond its end, and nothing is read there.
FN float4 quad_of(GLOBAL const float *row, uint quad, uint inputs) {
    const uint first = 4 * quad, left = inputs - first;
    if (left >= 4) return vload4(0, row + first);
    return (float4)(row[first], left > 1 ? row[first + 1] : 0.0f, left > 2 ? row[first + 2] : 0.0f, 0.0f);
}
