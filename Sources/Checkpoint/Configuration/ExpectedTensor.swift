/// A tensor that a checkpoint must hold, with its name in the reference's state dict.
public struct ExpectedTensor: Sendable, Equatable {
    /// What a tensor is, as far as checks care.
    public enum Role: Sendable, Equatable {
        case weight
        /// Norms, biases, gains, snake coefficients and special tokens: small, and one bad value spoils everything.
        case scale
    }

    public let name: String
    public let shape: [Int]
    public let role: Role

    init(_ name: String, _ shape: [Int], _ role: Role = .weight) {
        self.name = name
        self.shape = shape
        self.role = role
    }

    /// Elements.
    public var count: Int { shape.reduce(1, *) }

    /// All tensors of a model, both parts.
    public static func all(for configuration: ModelConfiguration) -> [ExpectedTensor] {
        model(for: configuration) + audioVAE(for: configuration.audioVAE)
    }

    /// The tensors of `model.safetensors` or `pytorch_model.bin`, in the order of the reference's modules.
    public static func model(for configuration: ModelConfiguration) -> [ExpectedTensor] {
        let lm = configuration.languageModel.hiddenSize
        let encoder = configuration.localEncoder.hiddenSize
        let dit = configuration.localDiT.hiddenSize
        let latent = configuration.latentSize
        let estimator = "feat_decoder.estimator"
        return transformer("base_lm", configuration.languageModel)
            + transformer("residual_lm", configuration.residualLanguageModel)
            + [ExpectedTensor("feat_encoder.special_token", [1, 1, 1, encoder], .scale)]
            + linear("feat_encoder.in_proj", from: latent, to: encoder)
            + transformer("feat_encoder.encoder", configuration.localEncoder)
            + linear("\(estimator).in_proj", from: latent, to: dit)
            + linear("\(estimator).cond_proj", from: latent, to: dit)
            + linear("\(estimator).out_proj", from: dit, to: latent)
            + ["time_mlp", "delta_time_mlp"].flatMap { name in
                linear("\(estimator).\(name).linear_1", from: dit, to: dit)
                    + linear("\(estimator).\(name).linear_2", from: dit, to: dit)
            }
            + transformer("\(estimator).decoder", configuration.localDiT)
            + linear("fsq_layer.in_proj", from: lm, to: configuration.quantizerSize)
            + linear("fsq_layer.out_proj", from: configuration.quantizerSize, to: lm)
            + linear("enc_to_lm_proj", from: encoder, to: lm)
            + linear("lm_to_dit_proj", from: lm, to: dit)
            + linear("res_to_dit_proj", from: lm, to: dit)
            + linear("stop_proj", from: lm, to: lm)
            + [ExpectedTensor("stop_head.weight", [2, lm])]
    }

    private static func linear(_ name: String, from: Int, to: Int) -> [ExpectedTensor] {
        [ExpectedTensor("\(name).weight", [to, from]), ExpectedTensor("\(name).bias", [to], .scale)]
    }

    private static func transformer(_ name: String, _ part: TransformerConfiguration) -> [ExpectedTensor] {
        let hidden = part.hiddenSize
        let queries = part.headCount * part.headSize
        let keys = part.keyValueHeadCount * part.headSize
        var result: [ExpectedTensor] = []
        if part.vocabularySize > 0 {
            result.append(ExpectedTensor("\(name).embed_tokens.weight", [part.vocabularySize, hidden]))
        }
        for layer in 0..<part.layerCount {
            let prefix = "\(name).layers.\(layer)"
            result += [
                ExpectedTensor("\(prefix).self_attn.q_proj.weight", [queries, hidden]),
                ExpectedTensor("\(prefix).self_attn.k_proj.weight", [keys, hidden]),
                ExpectedTensor("\(prefix).self_attn.v_proj.weight", [keys, hidden]),
                ExpectedTensor("\(prefix).self_attn.o_proj.weight", [hidden, queries]),
                ExpectedTensor("\(prefix).mlp.gate_proj.weight", [part.feedForwardSize, hidden]),
                ExpectedTensor("\(prefix).mlp.up_proj.weight", [part.feedForwardSize, hidden]),
                ExpectedTensor("\(prefix).mlp.down_proj.weight", [hidden, part.feedForwardSize]),
                ExpectedTensor("\(prefix).input_layernorm.weight", [hidden], .scale),
                ExpectedTensor("\(prefix).post_attention_layernorm.weight", [hidden], .scale),
            ]
        }
        return result + [ExpectedTensor("\(name).norm.weight", [hidden], .scale)]
    }
}
