/// One transformer of the model: language model, residual language model, local encoder or local diffusion transformer.
///
/// All four share the language model's rotary embedding, norm, muP and key-value head settings, as in the reference.
public struct TransformerConfiguration: Sendable, Equatable {
    public var hiddenSize: Int
    public var feedForwardSize: Int
    public var layerCount: Int
    /// Query heads, a multiple of ``keyValueHeadCount``.
    public var headCount: Int
    public var keyValueHeadCount: Int
    /// Elements of one head, even; `kv_channels`, or hidden size over heads (rounded down) where that is absent.
    public var headSize: Int
    public var rmsNormEpsilon: Double
    public var ropeTheta: Double
    /// RoPE frequency divisors for long contexts, `headSize / 2` of them where ``usesLongFactors``.
    public var longFactors: [Double]
    /// RoPE frequency divisors otherwise, `headSize / 2` of them where not ``usesLongFactors``.
    public var shortFactors: [Double]
    public var maxPositions: Int
    public var originalMaxPositions: Int
    /// False only for the residual model of later families.
    public var usesRoPE: Bool
    /// Rows of the token embedding; 0 where there is none.
    public var vocabularySize: Int
    /// Whether ``embeddingScale`` and ``depthScale`` apply.
    public var usesMuP: Bool
    public var embeddingScale: Double
    public var depthScale: Double

    /// The RoPE factors in force. The configuration decides, not the length of a text: long ones where the model was
    /// stretched beyond its original number of positions.
    public var ropeFactors: [Double] { usesLongFactors ? longFactors : shortFactors }
    public var usesLongFactors: Bool { maxPositions > originalMaxPositions }

    /// What RoPE's sines and cosines are multiplied by: `sqrt(1 + ln(max / original) / ln(original))`.
    public var ropeMagnitude: Double {
        let original = Double(originalMaxPositions)
        return (1 + (Double(maxPositions) / original).logarithm / original.logarithm).squareRoot()
    }

    /// What a layer's output is multiplied by before it joins the residual stream: 1 without muP.
    public var residualScale: Double { usesMuP ? depthScale / Double(layerCount).squareRoot() : 1 }
    /// What token embeddings are multiplied by: 1 without muP.
    public var tokenScale: Double { usesMuP ? embeddingScale : 1 }
}

/// How a patch is drawn from the local diffusion transformer.
public struct FlowMatchingConfiguration: Sendable, Equatable {
    public var sigmaMin: Double
    /// The reference knows only `euler`, whatever is written.
    public var solver: String
    /// Used in training only.
    public var timeScheduler: String
    /// Written in the file, used by nobody: the guidance strength comes with each request.
    public var inferenceGuidanceRate: Double
}

/// The autoencoder between waveform and latent features.
public struct AudioVAEConfiguration: Sendable, Equatable {
    /// Channels after the encoder's first convolution; doubled by every rate.
    public var encoderChannels: Int
    /// Strides of the encoder's blocks, in order.
    public var encoderRates: [Int]
    /// Features of one latent frame.
    public var latentSize: Int
    /// Channels after the decoder's first convolution; halved by every rate.
    public var decoderChannels: Int
    /// Upsampling factors of the decoder's blocks, in order.
    public var decoderRates: [Int]
    /// Whether the 7-wide convolutions work on each channel by itself.
    public var depthwise: Bool
    public var sampleRateHz: Int

    /// Input samples that become one latent frame.
    public var samplesPerLatent: Int { encoderRates.reduce(1, *) }
    /// Output samples that one latent frame becomes.
    public var outputsPerLatent: Int { decoderRates.reduce(1, *) }
}
