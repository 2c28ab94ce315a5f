public import Checkpoint
import Compute
import Foundation

/// Random weights in the shape of an official model, made in memory: what `mynah bench` measures where no checkpoint is
/// at hand. It speaks noise, at the speed of the real thing.
public struct SyntheticCheckpoint: Sendable {
    /// The official models whose shapes are known.
    public enum Family: String, Sendable, CaseIterable {
        case voxcpm15 = "voxcpm1.5"
        case voxcpm05b = "voxcpm-0.5b"
    }

    public let configuration: ModelConfiguration
    /// The tensors of the language models, the local encoder and the diffusion transformer, as bfloat16.
    public let model: any TensorSource
    /// The tensors of the audio VAE, as float32.
    public let audioVAE: any TensorSource

    /// - Throws: Never for the families that there are; the signature is that of reading a configuration.
    public init(_ family: Family) throws {
        let name = URL(fileURLWithPath: "synthetic-\(family.rawValue)")
        configuration = try ModelConfiguration(
            try StrictJSON.parse(Array(family.configurationText.utf8)), file: name)
        model = RandomTensors(file: name, expected: ExpectedTensor.model(for: configuration), type: .bf16)
        audioVAE = RandomTensors(file: name, expected: ExpectedTensor.audioVAE(for: configuration.audioVAE), type: .f32)
    }
}

extension SyntheticCheckpoint.Family {
    /// The official `config.json` as far as public sources establish it; neutral rotary factors.
    var configurationText: String {
        let isFirst = self == .voxcpm05b
        let factors = "[" + Array(repeating: "1.0", count: 32).joined(separator: ", ") + "]"
        let local = #""hidden_dim": 1024, "ffn_dim": 4096, "num_heads": 16, "num_layers": \#(isFirst ? 4 : 8)"#
        let audioVAE =
            isFirst
            ? #""encoder_dim": 128, "encoder_rates": [2, 5, 8, 8], "decoder_dim": 1536, "decoder_rates": [8, 8, 5, 2]"#
            : #""encoder_dim": 64, "encoder_rates": [2, 3, 6, 7, 7], "decoder_dim": 2048, "decoder_rates": [7, 7, 6, 3, 2]"#
        return #"""
            {"architecture": "voxcpm",
             "lm_config": {
               "bos_token_id": 1, "eos_token_id": 2, "hidden_size": 1024, "intermediate_size": 4096,
               "max_position_embeddings": 32768, "num_attention_heads": 16, "num_hidden_layers": 24,
               "num_key_value_heads": 2, "rms_norm_eps": 1e-05, "rope_theta": 10000,
               "rope_scaling": {"type": "longrope", "long_factor": \#(factors), "short_factor": \#(factors),
                                "original_max_position_embeddings": 32768},
               "vocab_size": 73448, "scale_emb": 12, "dim_model_base": 256, "scale_depth": 1.4, "use_mup": false},
             "patch_size": \#(isFirst ? 2 : 4), "feat_dim": 64, "scalar_quantization_latent_dim": 256,
             "scalar_quantization_scale": 9, "residual_lm_num_layers": \#(isFirst ? 6 : 8),
             "encoder_config": {\#(local)},
             "dit_config": {\#(local), "cfm_config": {
               "sigma_min": 1e-06, "solver": "euler", "t_scheduler": "log-norm", "inference_cfg_rate": 2.0}},
             "audio_vae_config": {\#(audioVAE), "latent_dim": 64, "sample_rate": \#(isFirst ? 16000 : 44100)},
             "max_length": 4096, "device": "cpu", "dtype": "bfloat16"}
            """#
    }
}

/// Tensors whose bytes are drawn when they are read, from a generator seeded with their name.
private struct RandomTensors: TensorSource {
    let file: URL
    let tensors: [String: TensorInfo]
    private let roles: [String: ExpectedTensor.Role]

    init(file: URL, expected: [ExpectedTensor], type: ElementType) {
        self.file = file
        tensors = Dictionary(
            expected.map { ($0.name, TensorInfo(name: $0.name, type: type, shape: $0.shape)) }
        ) { first, _ in first }
        roles = Dictionary(expected.map { ($0.name, $0.role) }) { first, _ in first }
    }

    func withBytes<R>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        guard let info = tensors[name] else { throw VoxCPMError.missingTensor(name, file: file) }
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: info.byteCount, alignment: 64)
        defer { bytes.deallocate() }
        fill(bytes, info)
        return try body(UnsafeRawBufferPointer(bytes))
    }

    /// Weights keep the size of activations (variance 1 / inputs), gains and norms are 1, biases small.
    private func fill(_ bytes: UnsafeMutableRawBufferPointer, _ info: TensorInfo) {
        let inputs = info.shape.count >= 2 ? info.count / info.shape[0] : 1
        let isGain =
            info.name.hasSuffix("norm.weight") || info.name.hasSuffix("weight_g") || info.name.hasSuffix("alpha")
        let base: Float = isGain ? 1 : 0
        let spread: Float = isGain ? 0 : roles[info.name] == .scale ? 0.01 : (3 / Float(inputs)).squareRoot()
        var state = info.name.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } | 1
        for index in 0..<info.count {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            let unit = Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
            let value = base + spread * unit
            if info.type == .f32 {
                bytes.storeBytes(of: value, toByteOffset: index * 4, as: Float.self)
            } else {
                bytes.storeBytes(of: UInt16(value.bitPattern >> 16), toByteOffset: index * 2, as: UInt16.self)
            }
        }
    }
}
