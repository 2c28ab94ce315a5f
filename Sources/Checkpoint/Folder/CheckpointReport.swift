import Foundation

/// What a checkpoint consists of, for `inspect`.
public struct CheckpointReport: Sendable, Equatable, Encodable {
    /// A module of the model, or tensors that nobody uses.
    public struct Part: Sendable, Equatable, Encodable {
        public var name: String
        /// The file's name in the folder.
        public var file: String
        public var tensorCount = 0
        public var parameterCount = 0
        public var byteCount = 0
        /// Parameters by stored type, such as `bf16`.
        public var parametersByType: [String: Int] = [:]
    }

    /// The checkpoint's folder.
    public let folder: String
    /// In the order of the data's way through the model; only parts that have tensors.
    public let parts: [Part]
    /// The sum over all parts.
    public let total: Part

    public init(_ checkpoint: CheckpointFolder) {
        folder = checkpoint.folder.filePath
        let configuration = checkpoint.configuration
        let model = Self.parts(
            of: checkpoint.model, expected: ExpectedTensor.model(for: configuration),
            [
                ("text-semantic LM", ["base_lm."]), ("scalar quantiser", ["fsq_layer."]),
                ("residual acoustic LM", ["residual_lm."]), ("local encoder", ["feat_encoder."]),
                ("local diffusion transformer", ["feat_decoder."]),
                (
                    "projections and stop predictor",
                    ["enc_to_lm_proj.", "lm_to_dit_proj.", "res_to_dit_proj.", "stop_"]
                ),
            ])
        let vae = Self.parts(
            of: checkpoint.audioVAE, expected: ExpectedTensor.audioVAE(for: configuration.audioVAE),
            [("AudioVAE encoder", ["encoder."]), ("AudioVAE decoder", ["decoder."])])
        parts = model + vae
        total = parts.reduce(into: Part(name: "total", file: "")) { sum, part in
            sum.tensorCount += part.tensorCount
            sum.parameterCount += part.parameterCount
            sum.byteCount += part.byteCount
            sum.parametersByType.merge(part.parametersByType, uniquingKeysWith: +)
        }
    }

    private static func parts(
        of source: any TensorSource, expected: [ExpectedTensor], _ modules: [(name: String, prefixes: [String])]
    ) -> [Part] {
        let used = Set(expected.map(\.name))
        let file = source.file.lastPathComponent
        var parts = modules.map { Part(name: $0.name, file: file) } + [Part(name: "unused", file: file)]
        for info in source.tensors.values {
            let module = modules.firstIndex { $0.prefixes.contains { info.name.hasPrefix($0) } }
            let index = used.contains(info.name) ? module ?? modules.count : modules.count
            parts[index].tensorCount += 1
            parts[index].parameterCount += info.count
            parts[index].byteCount += info.byteCount
            parts[index].parametersByType[info.type.rawValue, default: 0] += info.count
        }
        return parts.filter { $0.tensorCount > 0 }
    }
}
