// How a panel of 32 outputs lies in the device's memory: as blocks of 16 inputs, zero beyond the last input, and for 8-bit
// weights a scale for each output behind them. A block gives each of a warp's 32 lanes four outputs times four inputs, in
// words of 128 bits that lie side by side: lane 4 g + t has the outputs 8 j + g of the inputs 4 t + i, and its element
// 4 j + i lies in its word (4 j + i) / (elements of a word). Tensor cores want their operands dealt out like this.
//
// One format is chosen when the program is built. A kernel over weights carries the format in its name
// (`OF_FORMAT(name)`), so that those of all formats can live in one module.

/// Inputs of a block, and its elements.
#define BLOCK_INPUTS 16u
#define BLOCK_ELEMENTS (BLOCK_INPUTS * PANEL)

/// What a lane has of a block: four inputs of each of four outputs, which lie 8 apart.
typedef struct {
    float4 of[4];
} Weights;

#if defined(WEIGHTS_F32)
#define OF_FORMAT(name) name##_f32
#define WEIGHT_BYTES 4u
#elif defined(WEIGHTS_F16)
#define OF_FORMAT(name) name##_f16
#define WEIGHT_BYTES 2u
#define FLOATS_OF_PAIR halves_of
#elif defined(WEIGHTS_BF16)
#define OF_FORMAT(name) name##_bf16
#define WEIGHT_BYTES 2u
#define FLOATS_OF_PAIR bfloats_of
#elif defined(WEIGHTS_INT8)
#define OF_FORMAT(name) name##_int8
#define WEIGHT_BYTES 1u
#endif

/// The same as it is in memory. Reading it is a step of its own, so that several blocks can be on their way.
typedef struct {
    uint4 word[WEIGHT_BYTES];
} Words;

FN Words words_of(GLOBAL const uchar *panel, uint block, uint lane) {
    GLOBAL const uchar *own = panel + block * (BLOCK_ELEMENTS * WEIGHT_BYTES) + lane * 16;
    Words words;
    UNROLL
    for (uint w = 0; w < WEIGHT_BYTES; w++) words.word[w] = load_word(own + w * 512);
    return words;
}

#if defined(WEIGHTS_F32)

FN Weights weights_from(const Words words) {
    Weights weights;
    UNROLL
    for (uint j = 0; j < 4; j++) weights.of[j] = as_float4(words.word[j]);
    return weights;
}

FN float4 quad_at(GLOBAL const uchar *place) { return *(GLOBAL const float4 *)place; }

#elif defined(WEIGHTS_INT8)

/// The words of a lane, one for each output.
FN Weights weights_from(const Words words) {
    const uint4 word = words.word[0];
    Weights weights;
    weights.of[0] = convert_float4(as_char4(word.x));
    weights.of[1] = convert_float4(as_char4(word.y));
    weights.of[2] = convert_float4(as_char4(word.z));
    weights.of[3] = convert_float4(as_char4(word.w));
    return weights;
}

FN float4 quad_at(GLOBAL const uchar *place) { return convert_float4(as_char4(*(GLOBAL const uint *)place)); }

#else

/// Two pairs for each output, of two inputs each, the earlier in the low half.
FN void pairs_from(const Words words, uint2 pairs[4]) {
    pairs[0] = words.word[0].xy;
    pairs[1] = words.word[0].zw;
    pairs[2] = words.word[1].xy;
    pairs[3] = words.word[1].zw;
}

FN Weights weights_from(const Words words) {
    uint2 pairs[4];
    pairs_from(words, pairs);
    Weights weights;
    UNROLL
    for (uint j = 0; j < 4; j++)
        weights.of[j] = (float4)(FLOATS_OF_PAIR(pairs[j].x), FLOATS_OF_PAIR(pairs[j].y));
    return weights;
}

FN float4 quad_at(GLOBAL const uchar *place) {
    const uint2 pairs = *(GLOBAL const uint2 *)place;
    return (float4)(FLOATS_OF_PAIR(pairs.x), FLOATS_OF_PAIR(pairs.y));
}

#endif

/// The inputs `4 * quad ... 4 * quad + 3` of one output, for those who take outputs one by one.
FN float4 quad_of_output(GLOBAL const uchar *panel, uint quad, uint output) {
    const uint lane = output % 8 * 4 + quad % 4, first = output / 8 * 4, word = 16 / WEIGHT_BYTES;
    return quad_at(
        panel + quad / 4 * (BLOCK_ELEMENTS * WEIGHT_BYTES) + first / word * 512 + lane * 16
        + first % word * WEIGHT_BYTES);
}

/// Blocks of a panel.
FN uint blocks_of(uint inputs) { return (inputs + BLOCK_INPUTS - 1) / BLOCK_INPUTS; }

/// What the sum of an output is multiplied with.
FN float scale_of_output(GLOBAL const uchar *panel, uint inputs, uint output) {
#if defined(WEIGHTS_INT8)
    return ((GLOBAL const float *)(panel + blocks_of(inputs) * (BLOCK_ELEMENTS * WEIGHT_BYTES)))[output];
#else
    return 1.0f;
#endif
}
