// How a panel of 32 outputs stores its weights. One format is chosen when the program is built; `quad_of_weights` gives
// four inputs of the output `lane`, zero beyond the last input. A kernel over weights carries the format in its name
// (`OF_FORMAT(name)`), so that those of all formats can live in one module.

#if defined(WEIGHTS_F32)

#define OF_FORMAT(name) name##_f32

/// `[inputs][32]` floats.
FN float weight_of(GLOBAL const uchar *panel, uint input, uint lane) {
    return ((GLOBAL const float *)panel)[input * PANEL + lane];
}

#elif defined(WEIGHTS_F16)

#define OF_FORMAT(name) name##_f16

/// `[inputs][32]` halves. `vload_half` needs no extension, arithmetic in halves would.
FN float weight_of(GLOBAL const uchar *panel, uint input, uint lane) {
    return vload_half(input * PANEL + lane, (GLOBAL const half *)panel);
}

#elif defined(WEIGHTS_BF16)

#define OF_FORMAT(name) name##_bf16

/// `[inputs][16]` words: the low half is output i, the high half output i + 16.
FN float weight_of(GLOBAL const uchar *panel, uint input, uint lane) {
    const uint word = ((GLOBAL const uint *)panel)[input * (PANEL / 2) + lane % (PANEL / 2)];
    return as_float(lane < PANEL / 2 ? word << 16 : word & 0xffff0000u);
}

#endif

#if defined(WEIGHTS_INT8)

#define OF_FORMAT(name) name##_int8

/// `[ceil(inputs / 4)][32][4]` bytes, zero beyond the last input; then a scale for each output.
FN float4 quad_of_weights(GLOBAL const uchar *panel, uint quad, uint inputs, uint lane) {
    return convert_float4(as_char4(((GLOBAL const uint *)panel)[quad * PANEL + lane]));
}

FN float scale_of_output(GLOBAL const uchar *panel, uint inputs, uint lane) {
    return ((GLOBAL const float *)(panel + (inputs + 3) / 4 * 4 * PANEL))[lane];
}

#else

FN float4 quad_of_weights(GLOBAL const uchar *panel, uint quad, uint inputs, uint lane) {
    const uint first = 4 * quad, left = inputs - first;
    return (float4)(
        weight_of(panel, first, lane), left > 1 ? weight_of(panel, first + 1, lane) : 0.0f,
        left > 2 ? weight_of(panel, first + 2, lane) : 0.0f, left > 3 ? weight_of(panel, first + 3, lane) : 0.0f);
}

FN float scale_of_output(GLOBAL const uchar *panel, uint inputs, uint lane) { return 1.0f; }

#endif
