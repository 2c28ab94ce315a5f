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

    public init(_ family: Family) {
        configuration = family == .voxcpm15 ? .voxCPM15 : .voxCPM05B
        let name = URL(fileURLWithPath: "synthetic-\(family.rawValue)")
        model = RandomTensors(file: name, expected: ExpectedTensor.model(for: configuration), type: .bf16)
        audioVAE = RandomTensors(file: name, expected: ExpectedTensor.audioVAE(for: configuration.audioVAE), type: .f32)
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
        if name.hasSuffix("embed_tokens.weight") { return try withEmbedding(info, body) }
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: info.byteCount, alignment: 64)
        defer { bytes.deallocate() }
        fill(bytes, count: info.count, info)
        return try body(UnsafeRawBufferPointer(bytes))
    }

    /// Lends the token embedding, which is read at each request: only its first rows are drawn, the others are pages
    /// that were never touched, as in a mapped file.
    private func withEmbedding<R>(_ info: TensorInfo, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        guard let zeros = calloc(info.byteCount, 1) else {
            throw VoxCPMError.unusableTensor(info.name, file: file, reason: "there is no memory for it")
        }
        defer { free(zeros) }
        let bytes = UnsafeMutableRawBufferPointer(start: zeros, count: info.byteCount)
        fill(bytes, count: min(info.count, 1200 * info.shape[1]), info)
        return try body(UnsafeRawBufferPointer(bytes))
    }

    /// Weights keep the size of activations (variance 1 / inputs), gains and norms are 1, biases small.
    private func fill(_ bytes: UnsafeMutableRawBufferPointer, count: Int, _ info: TensorInfo) {
        let inputs = info.shape.count >= 2 ? info.count / info.shape[0] : 1
        let isGain =
            info.name.hasSuffix("norm.weight") || info.name.hasSuffix("weight_g") || info.name.hasSuffix("alpha")
        let base: Float = isGain ? 1 : 0
        let spread: Float = isGain ? 0 : roles[info.name] == .scale ? 0.01 : (3 / Float(inputs)).squareRoot()
        var state = info.name.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } | 1
        for index in 0..<count {
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
