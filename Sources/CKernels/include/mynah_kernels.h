/// Kernels of the CPU backend: C with SIMD, no allocation, no threads, no abort.
///
/// Every kernel is written once over vectors of the compiler (`src/*.inc`) and compiled for each instruction set
/// (`src/isa_*.c`). `mynah_kernels_for` gives the table of one of them. Matrices are row-major `float`, strides are in
/// elements, and sizes may be odd: no kernel reads or writes outside `rows x columns`.
#ifndef MYNAH_KERNELS_H
#define MYNAH_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Columns of one packed weight panel.
#define MYNAH_PANEL 32

/// Inputs that share one scale of 8-bit activations: a scale for a whole row of thousands would follow its largest value
/// and lose the others.
#define MYNAH_INT8_BLOCK 512
#define MYNAH_INT8_BLOCKS(k) (((k) + MYNAH_INT8_BLOCK - 1) / MYNAH_INT8_BLOCK)

/// Bytes of one panel of 8-bit weights: `[ceil(k / 4)][32][4]` bytes, 32 float scales, and for each block of inputs 32
/// sums of a column's weights.
#define MYNAH_INT8_PANEL_BYTES(k)                                                                                      \
    ((((k) + 3) / 4) * 4 * MYNAH_PANEL + 4 * MYNAH_PANEL * (1 + MYNAH_INT8_BLOCKS(k)))

/// What happens to a sum before it is stored.
typedef enum {
    MYNAH_STORE = 0,     ///< out = sum + bias
    MYNAH_RESIDUAL = 1,  ///< out = residual + scale * (sum + bias)
    MYNAH_SILU = 2,      ///< out = silu(sum + bias)
    MYNAH_SILU_GATE = 3, ///< panels hold 16 gate and 16 up columns: out = silu(gate) * up, n / 2 columns
    MYNAH_QUANTIZE = 4,  ///< out = round(tanh(sum + bias) * scale) / scale (half to even)
    MYNAH_TANH = 5       ///< out = tanh(sum + bias)
} mynah_epilogue;

/// One linear layer over many rows: `out[r] = epilogue(x[r] * W^T + bias)`.
typedef struct {
    const float *x;      ///< `[rows, k]`, rows `x_stride` apart (they may overlap: convolutions use that)
    size_t x_stride;
    size_t k;            ///< inputs
    size_t n;            ///< outputs (gate and up counted separately)
    const int8_t *quantized; ///< for `linear_int8`, instead of `x`: `[rows, k rounded up to 4]` from `quantize`
    size_t quantized_stride;
    const float *row_scales; ///< `[rows, MYNAH_INT8_BLOCKS(k)]` from `quantize`
    const void *weights; ///< packed panels, see `mynah_pack_f32` and `mynah_pack_bf16`
    const float *bias;   ///< `[n]` in panel order, or NULL
    float *out;
    size_t out_stride;
    const float *residual; ///< may be `out` itself
    size_t residual_stride;
    float scale;
    mynah_epilogue epilogue;
} mynah_linear;

/// Attention of a range of query rows over spans of key rows, grouped heads, softmax(q k / sqrt(head_size)) v.
typedef struct {
    const float *q; ///< `[rows, heads * head_size]`
    size_t q_stride;
    const float *k; ///< `[slots, kv_heads * head_size]`
    size_t k_stride;
    const float *v;
    size_t v_stride;
    float *out; ///< `[rows, heads * head_size]`
    size_t out_stride;
    const int32_t *span_begin; ///< per query row: first key row
    const int32_t *span_end;   ///< per query row: one past the last key row
    size_t heads;
    size_t kv_heads;
    size_t head_size;
} mynah_attention;

/// Rotary position embedding of queries and keys, and the store of keys and values into the cache.
typedef struct {
    float *qkv; ///< `[rows, (heads + 2 kv_heads) * head_size]`, queries and keys are rotated in place
    size_t qkv_stride;
    const float *cosines; ///< `[positions, head_size / 2]`, NULL where the model has no rotary embedding
    const float *sines;
    const int32_t *positions; ///< per row
    float *k_cache;           ///< `[slots, kv_heads * head_size]`, or NULL where keys stay in `qkv`
    float *v_cache;
    const int32_t *slots; ///< per row: where its key and value go
    size_t heads;
    size_t kv_heads;
    size_t head_size;
} mynah_rotary;

/// One depthwise causal convolution over time-major data, with the snake activation of its sums where `alpha` is given.
typedef struct {
    const float *x;  ///< points at time 0 of `[time, channels]`; the `(taps - 1) * dilation` rows before it are read
    size_t channels;
    size_t taps;
    size_t dilation;
    const float *weights; ///< `[taps, channels]`, oldest first
    const float *bias;    ///< `[channels]` or NULL
    const float *alpha;   ///< `[channels]` or NULL
    const float *inverse; ///< `[channels]`, where `alpha` is given
    float *out;           ///< `[time, channels]`
} mynah_depthwise;

/// The kernels compiled for one instruction set.
typedef struct {
    const char *name;    ///< the table itself, such as "avx2-vnni"
    const char *family;  ///< what it belongs to: "scalar", "avx2", "avx512" or "neon"
    int has_dot_product; ///< whether an instruction of the processor multiplies 8-bit integers and adds the products
    void (*linear_f32)(const mynah_linear *, size_t panel_begin, size_t panel_end, size_t row_begin, size_t row_end);
    void (*linear_bf16)(const mynah_linear *, size_t panel_begin, size_t panel_end, size_t row_begin, size_t row_end);
    void (*linear_int8)(const mynah_linear *, size_t panel_begin, size_t panel_end, size_t row_begin, size_t row_end);
    /// Quantises rows for `linear_int8` of the same table, after an RMS normalisation where `weight` is given. `scales`
    /// gets one for each block of a row, `[rows, MYNAH_INT8_BLOCKS(n)]`.
    void (*quantize)(
        const float *x, size_t x_stride, const float *weight, float epsilon, size_t n, int8_t *out, size_t out_stride,
        float *scales, size_t row_begin, size_t row_end);
    void (*rms_norm)(
        const float *x, size_t x_stride, const float *weight, float epsilon, size_t n, float *out, size_t out_stride,
        size_t row_begin, size_t row_end);
    /// `scores` holds at least `heads / kv_heads * (longest span)` floats. Items are (row, kv head) pairs.
    void (*attention)(const mynah_attention *, float *scores, size_t item_begin, size_t item_end);
    void (*rotary)(const mynah_rotary *, size_t row_begin, size_t row_end);
    /// `x + sin^2(alpha x) * inverse` per channel, in place allowed.
    void (*snake)(
        const float *x, const float *alpha, const float *inverse, size_t channels, float *out, size_t row_begin,
        size_t row_end);
    void (*depthwise)(const mynah_depthwise *, size_t row_begin, size_t row_end);
    /// A linear layer with one output: `out[row] = bias + <x[row], weights>`; rows may overlap.
    void (*filter)(
        const float *x, size_t x_stride, const float *weights, size_t k, float bias, float *out, size_t row_begin,
        size_t row_end);
    /// In place.
    void (*tanh)(float *x, size_t begin, size_t end);
} mynah_kernels;

/// The tables that this machine runs, the best first; NULL where `index` is beyond the last one.
const mynah_kernels *mynah_kernels_at(size_t index);

/// The best table with that family or name, or NULL (as the name) for the best of all. Returns NULL where the name is
/// unknown or the machine cannot run it.
const mynah_kernels *mynah_kernels_for(const char *name);

/// The features of this processor that decide which tables it runs, by name; NULL where `index` is beyond the last one.
const char *mynah_cpu_feature(size_t index);

/// Packs rows `[first, first + count)` (`count <= 32`) of a weight matrix into one panel of floats `[k][32]`.
/// `rows` holds `count` pointers to `k` floats; missing columns become zero.
void mynah_pack_f32(const float *const *rows, size_t count, size_t k, float *panel);

/// The same, rounded to bfloat16: `[k][16]` words whose low half is column i and high half column i + 16.
void mynah_pack_bf16(const float *const *rows, size_t count, size_t k, uint32_t *panel);

/// The same in 8-bit integers with one scale per column, `MYNAH_INT8_PANEL_BYTES(k)` bytes.
void mynah_pack_int8(const float *const *rows, size_t count, size_t k, void *panel);

void mynah_bf16_to_f32(const void *source, size_t count, float *out);
void mynah_f16_to_f32(const void *source, size_t count, float *out);
void mynah_f32_to_bf16(const float *source, size_t count, void *out);
void mynah_f32_to_f16(const float *source, size_t count, void *out);

/// Puts the elements of each block into another order: element i of a block of `out` is element `order[i]` of that of
/// `source`. Of the last block there may be less than a whole one; what it lacks stays as it was in `out`.
///
/// @param size bytes of an element: 1, 2 or 4
/// @param block elements of a block
void mynah_reorder(
    const void *source, size_t count, size_t size, const uint16_t *order, size_t block, void *out);

/// Classifier-free guidance with the CFG-zero-star scale and one Euler step over one patch.
///
/// `guided` and `free` are the two branches' velocities `[count]`; with `zero_star` the free branch is scaled by
/// `<guided, free> / (<free, free> + 1e-8)`. `x -= dt * (free + cfg * (guided - free))`.
void mynah_guide(
    const float *guided, const float *free_branch, size_t count, float cfg, int zero_star, float dt, float *x);

/// Tells the core that this is a spin loop.
static inline void mynah_cpu_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

#endif
