import Foundation

extension Double {
    /// The natural logarithm.
    var logarithm: Double { log(self) }
}

/// Bounds that no real model comes near; they keep a hostile file from making us allocate terabytes or overflow.
enum ConfigurationLimit {
    static let size = 1...65_536
    static let feedForward = 1...262_144
    static let layers = 1...512
    static let heads = 1...1024
    static let headSize = 2...4096
    static let vocabulary = 1...4_194_304
    static let positions = 2...16_777_216
    static let rates = 16
    static let rate = 1...64
    static let samplesPerLatent = 1_048_576
    static let vaeChannels = 1...65_536
    /// 64 G elements.
    static let parameters = 1 << 36
}

/// What the reference does with each key; defaults are those of its classes.
extension ConfigurationReader {
    func model() -> ModelConfiguration {
        checkFamily()
        let language = languageModel()
        var residual = language
        residual.layerCount = integer("residual_lm_num_layers", in: top, default: 6, ConfigurationLimit.layers)
        residual.vocabularySize = 0
        let ditSection = section("dit_config", in: top)
        let tokens = specialTokens()
        let result = ModelConfiguration(
            languageModel: language,
            residualLanguageModel: residual,
            localEncoder: local(section("encoder_config", in: top), like: language),
            localDiT: local(ditSection, like: language, isDiT: true),
            flowMatching: flowMatching(ditSection.flatMap { section("cfm_config", in: $0) }),
            audioVAE: audioVAE(),
            patchSize: integer("patch_size", in: top, default: 2, 1...64),
            latentSize: integer("feat_dim", in: top, default: 64, 1...4096),
            quantizerSize: integer(
                "scalar_quantization_latent_dim", in: top, default: 256, ConfigurationLimit.size),
            quantizerScale: integer("scalar_quantization_scale", in: top, default: 9, 1...1_000_000),
            maxLength: integer("max_length", in: top, default: 4096, 1...1_048_576),
            declaredType: text("dtype", in: top, default: "bfloat16"),
            beginningTokenID: tokens.beginning,
            endTokenID: tokens.end)
        if faults.isEmpty { checkWhole(result) }
        return result
    }

    /// Refuses what this version cannot run, by name.
    private func checkFamily() {
        let architecture = text("architecture", in: top, default: "voxcpm").lowercased()
        if architecture == "voxcpm2" {
            report("architecture", .unsupported("VoxCPM2 is not supported yet, use VoxCPM-0.5B or VoxCPM1.5"))
        } else if architecture != "voxcpm" {
            report("architecture", .unsupported("\(architecture.quoted) is unknown, use VoxCPM-0.5B or VoxCPM1.5"))
        }
        if flag("dit_mean_mode", in: top, default: false) {
            report("dit_mean_mode", .unsupported("mean-velocity models are not supported"))
        }
    }

    private func specialTokens() -> (beginning: Int, end: Int) {
        // Where lm_config is missing as a whole, languageModel() has said so.
        guard let lm = top.value("lm_config")?.asObject.map({ Section(object: $0, path: "lm_config") }) else {
            return (1, 2)
        }
        let range = 0...ConfigurationLimit.vocabulary.upperBound
        return (integer("bos_token_id", in: lm, range), integer("eos_token_id", in: lm, range))
    }

    private func languageModel() -> TransformerConfiguration {
        guard let lm = section("lm_config", in: top) else { return .harmless }
        var result = TransformerConfiguration.harmless
        result.hiddenSize = integer("hidden_size", in: lm, ConfigurationLimit.size)
        result.feedForwardSize = integer("intermediate_size", in: lm, ConfigurationLimit.feedForward)
        result.layerCount = integer("num_hidden_layers", in: lm, ConfigurationLimit.layers)
        result.headCount = integer("num_attention_heads", in: lm, ConfigurationLimit.heads)
        result.keyValueHeadCount = integer("num_key_value_heads", in: lm, ConfigurationLimit.heads)
        result.rmsNormEpsilon = number("rms_norm_eps", in: lm, 0...1)
        result.ropeTheta = number("rope_theta", in: lm, 1...1e12)
        result.maxPositions = integer("max_position_embeddings", in: lm, ConfigurationLimit.positions)
        result.vocabularySize = integer("vocab_size", in: lm, ConfigurationLimit.vocabulary)
        result.usesMuP = flag("use_mup", in: lm, default: true)
        result.embeddingScale = number("scale_emb", in: lm, -1e6...1e6)
        result.depthScale = number("scale_depth", in: lm, -1e6...1e6)
        result.usesRoPE = !flag("no_rope", in: lm, default: false)
        // Read by the reference, used by nobody.
        _ = integer("dim_model_base", in: lm, 0...ConfigurationLimit.size.upperBound)
        if let rope = section("rope_scaling", in: lm) {
            result.originalMaxPositions = integer(
                "original_max_position_embeddings", in: rope, ConfigurationLimit.positions)
            result.longFactors = numbers("long_factor", in: rope, 1e-6...1e6, limit: 4096)
            result.shortFactors = numbers("short_factor", in: rope, 1e-6...1e6, limit: 4096)
        }
        settleHeads(&result, lm, hiddenKey: "hidden_size", headsKey: "num_attention_heads")
        return result
    }

    /// Local encoder and DiT: a copy of the language model's settings with their own sizes.
    private func local(
        _ section: Section?, like language: TransformerConfiguration, isDiT: Bool = false
    ) -> TransformerConfiguration {
        guard let section else { return language }
        var result = language
        result.hiddenSize = integer("hidden_dim", in: section, default: 1024, ConfigurationLimit.size)
        result.feedForwardSize = integer("ffn_dim", in: section, default: 4096, ConfigurationLimit.feedForward)
        result.headCount = integer("num_heads", in: section, default: 16, ConfigurationLimit.heads)
        result.layerCount = integer("num_layers", in: section, default: 4, ConfigurationLimit.layers)
        result.vocabularySize = 0
        settleHeads(&result, section, hiddenKey: "hidden_dim", headsKey: "num_heads")
        // The sinusoidal time embedding is half sines, half cosines, and divides by half - 1.
        if isDiT && (result.hiddenSize % 2 != 0 || result.hiddenSize < 4) {
            report(section.path("hidden_dim"), .mustBeEven(result.hiddenSize))
        }
        return result
    }

    /// Head size, head counts and RoPE factors that fit each other.
    private func settleHeads(
        _ part: inout TransformerConfiguration, _ section: Section, hiddenKey: String, headsKey: String
    ) {
        let before = faults.count
        let channels = optionalInteger("kv_channels", in: section, ConfigurationLimit.headSize)
        part.headSize = channels ?? part.hiddenSize / part.headCount
        guard faults.count == before else { return }
        let headPath = channels == nil ? "\(section.path(hiddenKey)) / \(headsKey)" : section.path("kv_channels")
        if !ConfigurationLimit.headSize.contains(part.headSize) {
            report(headPath, .outOfRange(value: "\(part.headSize)", allowed: "2 to 4096"))
        } else if part.headSize % 2 != 0 {
            report(headPath, .mustBeEven(part.headSize))
        }
        if part.headCount % part.keyValueHeadCount != 0 {
            report(
                section.path(headsKey),
                .mustDivide(divisor: "num_key_value_heads", value: part.headCount, by: part.keyValueHeadCount))
        }
        if faults.count == before { settleFactors(&part, section) }
    }

    /// One factor stands for all, as in the reference. Only the list in force must have the right length.
    private func settleFactors(_ part: inout TransformerConfiguration, _ section: Section) {
        guard part.usesRoPE, !part.longFactors.isEmpty, !part.shortFactors.isEmpty else { return }
        let needed = part.headSize / 2
        if part.longFactors.count == 1 { part.longFactors = Array(repeating: part.longFactors[0], count: needed) }
        if part.shortFactors.count == 1 { part.shortFactors = Array(repeating: part.shortFactors[0], count: needed) }
        if part.ropeFactors.count != needed {
            let key = part.usesLongFactors ? "long_factor" : "short_factor"
            let path = "lm_config.rope_scaling.\(key)" + (section.path == "lm_config" ? "" : " for \(section.path)")
            report(path, .wrongFactorCount(found: part.ropeFactors.count, expected: needed))
        }
    }

    private func flowMatching(_ cfm: Section?) -> FlowMatchingConfiguration {
        let cfm = cfm ?? Section(object: JSONObject(), path: "")
        return FlowMatchingConfiguration(
            sigmaMin: number("sigma_min", in: cfm, default: 1e-6, 0...1),
            solver: text("solver", in: cfm, default: "euler"),
            timeScheduler: text("t_scheduler", in: cfm, default: "log-norm"),
            inferenceGuidanceRate: number("inference_cfg_rate", in: cfm, default: 1, -1e6...1e6))
    }

    private func audioVAE() -> AudioVAEConfiguration {
        let key = "audio_vae_config"
        let section =
            top.value(key) == nil ? nil : section(key, in: top)
        let vae = section ?? Section(object: JSONObject(), path: key)
        let limit = ConfigurationLimit.rates
        if flag("use_noise_block", in: vae, default: false) {
            report(vae.path("use_noise_block"), .unsupported("noise blocks in the decoder are not supported"))
        }
        let result = AudioVAEConfiguration(
            encoderChannels: integer("encoder_dim", in: vae, default: 128, ConfigurationLimit.vaeChannels),
            encoderRates: integers(
                "encoder_rates", in: vae, default: [2, 5, 8, 8], ConfigurationLimit.rate, limit: limit),
            latentSize: integer("latent_dim", in: vae, default: 64, 1...4096),
            decoderChannels: integer("decoder_dim", in: vae, default: 1536, ConfigurationLimit.vaeChannels),
            decoderRates: integers(
                "decoder_rates", in: vae, default: [8, 8, 5, 2], ConfigurationLimit.rate, limit: limit),
            depthwise: flag("depthwise", in: vae, default: true),
            sampleRateHz: integer("sample_rate", in: vae, default: 16_000, 1000...768_000))
        for (key, rates) in [("encoder_rates", result.encoderRates), ("decoder_rates", result.decoderRates)] {
            let product = rates.checkedProduct ?? .max
            if product > ConfigurationLimit.samplesPerLatent {
                report(
                    vae.path(key),
                    .outOfRange(
                        value: "a product of \(product)", allowed: "1 to \(ConfigurationLimit.samplesPerLatent)"))
            }
        }
        return result
    }

    /// Rules between parts.
    private func checkWhole(_ model: ModelConfiguration) {
        let vae = model.audioVAE
        if vae.latentSize != model.latentSize {
            report(
                "feat_dim",
                .mustEqual(other: "audio_vae_config.latent_dim", value: model.latentSize, otherValue: vae.latentSize))
        }
        let widest = vae.encoderChannels << vae.encoderRates.count
        if widest > ConfigurationLimit.vaeChannels.upperBound {
            report(
                "audio_vae_config.encoder_dim",
                .outOfRange(value: "\(widest) after all rates", allowed: "1 to \(ConfigurationLimit.size.upperBound)"))
        }
        if vae.decoderChannels >> vae.decoderRates.count < 1 {
            report(
                "audio_vae_config.decoder_dim",
                .outOfRange(
                    value: "\(vae.decoderChannels)",
                    allowed: "at least \(1 << vae.decoderRates.count) for \(vae.decoderRates.count) rates"))
        }
        let heads = [model.languageModel, model.residualLanguageModel, model.localEncoder, model.localDiT]
        if let wide = heads.map({ $0.headCount * $0.headSize }).max(), wide > 4 * ConfigurationLimit.size.upperBound {
            report(
                "num_attention_heads",
                .outOfRange(value: "\(wide) with the head size", allowed: "1 to \(4 * 65_536)"))
        }
        if faults.isEmpty {
            let parameters = ExpectedTensor.all(for: model).reduce(0) { $0 + $1.count }
            if parameters > ConfigurationLimit.parameters {
                report(
                    "the model's size",
                    .outOfRange(value: "\(parameters) parameters", allowed: "1 to \(ConfigurationLimit.parameters)"))
            }
        }
    }
}

extension TransformerConfiguration {
    /// Stands in while faults are collected.
    fileprivate static var harmless: TransformerConfiguration {
        TransformerConfiguration(
            hiddenSize: 4, feedForwardSize: 1, layerCount: 1, headCount: 1, keyValueHeadCount: 1, headSize: 4,
            rmsNormEpsilon: 1e-5, ropeTheta: 10_000, longFactors: [], shortFactors: [], maxPositions: 2,
            originalMaxPositions: 2, usesRoPE: true, vocabularySize: 1, usesMuP: false, embeddingScale: 1,
            depthScale: 1)
    }
}
