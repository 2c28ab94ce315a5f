// What is measured: the sizes that VoxCPM-1.5 has.
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/// Weights come from memory as they do in a model: there are copies of more than any cache holds, used in turns.
#define FROM_MEMORY ((size_t)160 << 20)

static struct {
    void *start;
    size_t bytes;
} blocks[512];
static size_t block_count;

/// `bytes` on a page boundary, filled with small numbers that are neither zero nor subnormal.
static void *memory(size_t bytes) {
    if (block_count == sizeof blocks / sizeof *blocks) abort();
    float *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) abort();
    for (size_t i = 0; i < bytes / 4; i++) start[i] = (float)(i % 61) * 0.01f - 0.3f;
    blocks[block_count].start = start;
    blocks[block_count++].bytes = bytes;
    return start;
}

void free_benches(void) {
    while (block_count) {
        block_count--;
        munmap(blocks[block_count].start, blocks[block_count].bytes);
    }
}

/// All weights of a size, in memory once for all benchmarks.
static void *shared_weights(void) {
    static void *weights;
    if (!weights) weights = memory(FROM_MEMORY + ((size_t)128 << 20));
    return weights;
}

// Linear layers

typedef enum { F32, BF16, INT8 } format;

typedef struct {
    mynah_linear layer;
    format format;
    size_t rows;
    size_t panels;
    size_t weight_bytes;
    size_t copies;
} linear_data;

static void call_linear(const mynah_kernels *kernels, void *data, size_t turn) {
    const linear_data *d = data;
    mynah_linear layer = d->layer;
    layer.weights = (const char *)layer.weights + turn % d->copies * d->weight_bytes;
    void (*const kernel)(const mynah_linear *, size_t, size_t, size_t, size_t) =
        d->format == F32 ? kernels->linear_f32 : d->format == BF16 ? kernels->linear_bf16 : kernels->linear_int8;
    kernel(&layer, 0, d->panels, 0, d->rows);
}

static bench linear(
    const char *name, format format, size_t rows, size_t k, size_t n, size_t x_stride, mynah_epilogue epilogue,
    yardstick bound, int cached) {
    linear_data *d = memory(sizeof *d);
    memset(d, 0, sizeof *d);
    d->format = format;
    d->rows = rows;
    d->panels = (n + MYNAH_PANEL - 1) / MYNAH_PANEL;
    d->weight_bytes = d->panels * (format == INT8 ? MYNAH_INT8_PANEL_BYTES(k) : MYNAH_PANEL * k * (format == F32 ? 4 : 2));
    d->copies = cached || d->weight_bytes > FROM_MEMORY ? 1 : FROM_MEMORY / d->weight_bytes;
    d->layer = (mynah_linear){
        .x = memory((rows * x_stride + k) * 4),
        .x_stride = x_stride,
        .k = k,
        .n = n,
        .quantized = memory(rows * k + 64),
        .quantized_stride = (k + 3) / 4 * 4,
        .row_scales = memory(rows * MYNAH_INT8_BLOCKS(k) * 4),
        .weights = shared_weights(),
        .out = memory(rows * n * 4),
        .out_stride = n,
        .scale = 0.1f,
        .epilogue = epilogue};
    d->layer.residual = d->layer.out;
    d->layer.residual_stride = n;
    bench b = {.operations = 2.0 * (double)(rows * k * n), .bytes = (double)d->weight_bytes, .bound = bound,
               .call = call_linear, .data = d};
    static const char *const formats[] = {"f32", "bf16", "int8"};
    snprintf(b.name, sizeof b.name, "%s %s %zu x %zu x %zu", name, formats[format], rows, k, n);
    return b;
}

// Prologues

typedef struct {
    size_t rows;
    size_t n;
    float *x;
    float *weight;
    int8_t *bytes;
    float *scales;
} rows_data;

static void call_quantize(const mynah_kernels *kernels, void *data, size_t turn) {
    const rows_data *d = data;
    (void)turn;
    kernels->quantize(d->x, d->n, d->weight, 1e-5f, d->n, d->bytes, d->n, d->scales, 0, d->rows);
}

static void call_norm(const mynah_kernels *kernels, void *data, size_t turn) {
    const rows_data *d = data;
    (void)turn;
    kernels->rms_norm(d->x, d->n, d->weight, 1e-5f, d->n, d->x + d->rows * d->n, d->n, 0, d->rows);
}

static bench prologue(const char *name, size_t rows, size_t n, int norm, int quantize) {
    rows_data *d = memory(sizeof *d);
    *d = (rows_data){rows, n, memory(2 * rows * n * 4), norm ? memory(n * 4) : NULL, memory(rows * n), memory(rows * 64)};
    bench b = {.operations = (double)(rows * n) * (norm ? 5 : 3), .bytes = (double)(rows * n) * (quantize ? 5 : 8),
               .bound = FLOATS, .call = quantize ? call_quantize : call_norm, .data = d};
    snprintf(b.name, sizeof b.name, "%s %zu x %zu", name, rows, n);
    return b;
}

// Attention

typedef struct {
    mynah_attention attention;
    float *scores;
    size_t items;
} attention_data;

static void call_attention(const mynah_kernels *kernels, void *data, size_t turn) {
    const attention_data *d = data;
    (void)turn;
    kernels->attention(&d->attention, d->scores, 0, d->items);
}

/// Groups of rows that see `span` keys: their own group's, or those of a cache.
static bench attention(const char *name, size_t rows, size_t span, int own_group) {
    enum { heads = 16, kv_heads = 2, size = 64 };
    const size_t width = (heads + 2 * kv_heads) * size;
    attention_data *d = memory(sizeof *d);
    float *qkv = memory(rows * width * 4);
    float *cache = own_group ? qkv + heads * size : memory(2 * span * kv_heads * size * 4);
    int32_t *begins = memory(rows * 4 + 4), *ends = memory(rows * 4 + 4);
    for (size_t row = 0; row < rows; row++) {
        begins[row] = own_group ? (int32_t)(row / span * span) : 0;
        ends[row] = begins[row] + (int32_t)span;
    }
    const size_t stride = own_group ? width : kv_heads * size;
    d->attention = (mynah_attention){
        .q = qkv, .q_stride = width, .k = cache, .k_stride = stride,
        .v = own_group ? cache + kv_heads * size : cache + span * stride, .v_stride = stride,
        .out = memory(rows * heads * size * 4), .out_stride = heads * size, .span_begin = begins, .span_end = ends,
        .heads = heads, .kv_heads = kv_heads, .head_size = size};
    d->scores = memory(heads * span * 4 + 4096);
    d->items = rows * kv_heads;
    bench b = {.operations = 4.0 * (double)(rows * span * heads * size), .bytes = 8.0 * (double)(rows * span * kv_heads * size),
               .bound = FLOATS, .call = call_attention, .data = d};
    snprintf(b.name, sizeof b.name, "%s %zu rows, %zu keys", name, rows, span);
    return b;
}

// The audio autoencoder

typedef struct {
    mynah_depthwise convolution;
    size_t rows;
} channels_data;

static void call_depthwise(const mynah_kernels *kernels, void *data, size_t turn) {
    const channels_data *d = data;
    (void)turn;
    kernels->depthwise(&d->convolution, 0, d->rows);
}

static void call_snake(const mynah_kernels *kernels, void *data, size_t turn) {
    const channels_data *d = data;
    const mynah_depthwise *c = &d->convolution;
    (void)turn;
    kernels->snake(c->x, c->alpha, c->inverse, c->channels, c->out, 0, d->rows);
}

static void call_filter(const mynah_kernels *kernels, void *data, size_t turn) {
    const channels_data *d = data;
    const mynah_depthwise *c = &d->convolution;
    (void)turn;
    kernels->filter(c->x - 6 * c->channels, c->channels, c->weights, 7 * c->channels, 0.1f, c->out, 0, d->rows);
}

/// The snake counts as the 23 operations of its polynomial.
static bench channels(
    const char *name, size_t rows, size_t channels, size_t dilation, double operations,
    void (*call)(const mynah_kernels *, void *, size_t)) {
    channels_data *d = memory(sizeof *d);
    d->rows = rows;
    d->convolution = (mynah_depthwise){
        .x = (float *)memory((rows + 6 * dilation) * channels * 4) + 6 * dilation * channels, .channels = channels,
        .taps = 7, .dilation = dilation, .weights = memory(7 * channels * 4), .bias = memory(channels * 4),
        .alpha = memory(channels * 4), .inverse = memory(channels * 4), .out = memory(rows * channels * 4)};
    bench b = {.operations = operations * (double)(rows * channels), .bytes = 8.0 * (double)(rows * channels),
               .bound = FLOATS, .call = call, .data = d};
    snprintf(b.name, sizeof b.name, "%s %zu x %zu", name, rows, channels);
    return b;
}

size_t make_benches(bench out[MOST_BENCHES]) {
    size_t n = 0;
    // The yardsticks: layers that stay in the second-level cache, and one row through memory.
    out[n++] = linear("peak", F32, 18, 512, 256, 512, MYNAH_STORE, FLOATS, 1);
    out[n++] = linear("peak", INT8, 18, 1024, 512, 1024, MYNAH_STORE, INTEGERS, 1);
    out[n++] = linear("peak", F32, 1, 4096, 4096, 4096, MYNAH_STORE, MEMORY, 0);
    out[n++] = linear("peak", INT8, 1, 4096, 4096, 4096, MYNAH_STORE, MEMORY, 0);

    out[n++] = linear("LM step: q/k/v", INT8, 1, 1024, 1280, 1024, MYNAH_STORE, MEMORY, 0);
    out[n++] = linear("LM step: gate/up", INT8, 1, 1024, 8192, 1024, MYNAH_SILU_GATE, MEMORY, 0);
    out[n++] = linear("LM step: down", INT8, 1, 4096, 1024, 4096, MYNAH_RESIDUAL, MEMORY, 0);
    out[n++] = linear("encoder: gate/up", INT8, 5, 1024, 8192, 1024, MYNAH_SILU_GATE, MEMORY, 0);
    out[n++] = linear("diffusion: q/k/v", INT8, 18, 1024, 1280, 1024, MYNAH_STORE, INTEGERS, 0);
    out[n++] = linear("diffusion: o", INT8, 18, 1024, 1024, 1024, MYNAH_RESIDUAL, INTEGERS, 0);
    out[n++] = linear("diffusion: gate/up", INT8, 18, 1024, 8192, 1024, MYNAH_SILU_GATE, INTEGERS, 0);
    out[n++] = linear("diffusion: down", INT8, 18, 4096, 1024, 4096, MYNAH_RESIDUAL, INTEGERS, 0);
    out[n++] = linear("4 sequences: gate/up", INT8, 72, 1024, 8192, 1024, MYNAH_SILU_GATE, INTEGERS, 0);
    out[n++] = linear("prefill: gate/up", INT8, 256, 1024, 8192, 1024, MYNAH_SILU_GATE, INTEGERS, 0);
    out[n++] = linear("prefill: down", INT8, 256, 4096, 1024, 4096, MYNAH_RESIDUAL, INTEGERS, 0);
    out[n++] = linear("LM step: gate/up", BF16, 1, 1024, 8192, 1024, MYNAH_SILU_GATE, MEMORY, 0);
    out[n++] = linear("diffusion: gate/up", BF16, 18, 1024, 8192, 1024, MYNAH_SILU_GATE, FLOATS, 0);
    out[n++] = linear("LM step: gate/up", F32, 1, 1024, 8192, 1024, MYNAH_SILU_GATE, MEMORY, 0);
    out[n++] = linear("diffusion: gate/up", F32, 18, 1024, 8192, 1024, MYNAH_SILU_GATE, FLOATS, 0);

    out[n++] = prologue("norm + quantise", 18, 1024, 1, 1);
    out[n++] = prologue("quantise", 18, 4096, 0, 1);
    out[n++] = prologue("norm", 18, 1024, 1, 0);
    out[n++] = attention("attention: diffusion", 18, 9, 1);
    out[n++] = attention("attention: 10 s of context", 1, 94, 0);
    out[n++] = attention("attention: 60 s of context", 1, 406, 0);
    out[n++] = attention("attention: 120 s of context", 1, 781, 0);

    // The decoder's layers for one patch: transposed convolutions over windows of two rows, pointwise convolutions.
    static const size_t strides[] = {7, 7, 6, 3, 2};
    size_t width = 2048, rows = 4;
    for (size_t i = 0; i < 5; i++) {
        out[n++] = linear("VAE: transposed", F32, rows, 2 * width, strides[i] * width / 2, width, MYNAH_STORE,
                          i == 0 ? MEMORY : FLOATS, i > 0);
        rows *= strides[i];
        width /= 2;
        out[n++] = linear("VAE: pointwise", F32, rows, width, width, width, MYNAH_RESIDUAL, FLOATS, 1);
        out[n++] = channels("VAE: depthwise + snake", rows, width, 3, 14 + 23, call_depthwise);
        out[n++] = channels("VAE: snake", rows, width, 1, 23, call_snake);
    }
    out[n++] = channels("VAE: last filter", rows, width, 1, 14, call_filter);
    return n;
}
