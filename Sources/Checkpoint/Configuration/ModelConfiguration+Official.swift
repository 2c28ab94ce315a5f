/// The published models' configurations, for benchmarks on weights that are made up. Real checkpoints are always read
/// with their own `config.json`.
extension ModelConfiguration {
    /// VoxCPM1.5: patches of 4 latents, 44.1 kHz. Its length limit and its RoPE factors are those of VoxCPM-0.5B, as far
    /// as is known.
    public static let voxCPM15 = official(
        residualLayers: 8, localLayers: 8, patchSize: 4,
        audioVAE: AudioVAEConfiguration(
            encoderChannels: 64, encoderRates: [2, 3, 6, 7, 7], latentSize: 64, decoderChannels: 2048,
            decoderRates: [7, 7, 6, 3, 2], depthwise: true, sampleRateHz: 44_100))

    /// VoxCPM-0.5B: patches of 2 latents, 16 kHz.
    public static let voxCPM05B = official(
        residualLayers: 6, localLayers: 4, patchSize: 2,
        audioVAE: AudioVAEConfiguration(
            encoderChannels: 128, encoderRates: [2, 5, 8, 8], latentSize: 64, decoderChannels: 1536,
            decoderRates: [8, 8, 5, 2], depthwise: true, sampleRateHz: 16_000))

    private static func official(
        residualLayers: Int, localLayers: Int, patchSize: Int, audioVAE: AudioVAEConfiguration
    ) -> ModelConfiguration {
        let language = TransformerConfiguration(
            hiddenSize: 1024, feedForwardSize: 4096, layerCount: 24, headCount: 16, keyValueHeadCount: 2, headSize: 64,
            rmsNormEpsilon: 1e-5, ropeTheta: 10_000, longFactors: factors, shortFactors: factors, maxPositions: 32_768,
            originalMaxPositions: 32_768, usesRoPE: true, vocabularySize: 73_448, usesMuP: false, embeddingScale: 12,
            depthScale: 1.4)
        var residual = language
        residual.layerCount = residualLayers
        residual.vocabularySize = 0
        var local = language
        local.layerCount = localLayers
        local.vocabularySize = 0
        return ModelConfiguration(
            languageModel: language, residualLanguageModel: residual, localEncoder: local, localDiT: local,
            flowMatching: FlowMatchingConfiguration(
                sigmaMin: 1e-6, solver: "euler", timeScheduler: "log-norm", inferenceGuidanceRate: 2),
            audioVAE: audioVAE, patchSize: patchSize, latentSize: 64, quantizerSize: 256, quantizerScale: 9,
            maxLength: 4096, declaredType: "bfloat16", beginningTokenID: 1, endTokenID: 2)
    }

    private static let factors: [Double] = [
        1.0004360675811768, 1.0668443441390991, 1.1631425619125366, 1.3025742769241333, 1.5040205717086792,
        1.7941505908966064, 2.2101221084594727, 2.802666664123535, 3.6389970779418945, 4.804192543029785,
        6.39855432510376, 8.527148246765137, 11.277542114257812, 14.684998512268066, 18.69317054748535,
        23.13019371032715, 27.72362518310547, 32.1606559753418, 36.168827056884766, 39.57627868652344,
        42.32667541503906, 44.45526885986328, 46.04962921142578, 47.21482849121094, 48.05115509033203,
        48.64370346069336, 49.05967712402344, 49.34980392456055, 49.551246643066406, 49.69068145751953,
        49.78697967529297, 49.85338592529297,
    ]
}
