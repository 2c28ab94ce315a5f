import Checkpoint
import Foundation

/// Tensors made by a test.
struct MemoryTensors: TensorSource {
    let file = URL(fileURLWithPath: "/made/by/a/test")
    let tensors: [String: TensorInfo]
    private let values: [String: [Float]]

    init(_ values: [String: (shape: [Int], values: [Float])]) {
        self.values = values.mapValues(\.values)
        tensors = Dictionary(
            uniqueKeysWithValues: values.map { ($0, TensorInfo(name: $0, type: .f32, shape: $1.shape)) })
    }

    /// Random tensors of the right names and shapes for an autoencoder whose activations neither vanish nor grow much.
    init(randomFor configuration: AudioVAEConfiguration, seed: UInt64) {
        var generator = SplitMix(state: seed)
        var made: [String: (shape: [Int], values: [Float])] = [:]
        for tensor in ExpectedTensor.audioVAE(for: configuration) {
            let count = tensor.shape.reduce(1, *)
            let range: ClosedRange<Float> =
                tensor.name.hasSuffix("alpha") || tensor.name.hasSuffix("weight_g") ? 0.3...1.2 : -0.5...0.5
            made[tensor.name] = (tensor.shape, (0..<count).map { _ in generator.float(in: range) })
        }
        self.init(made)
    }

    func withBytes<R>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        guard let floats = values[name] else { throw TensorError.missing(name: name, file: file) }
        return try floats.withUnsafeBytes(body)
    }
}

/// A small generator with a seed, so that a failing test fails again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func float(in range: ClosedRange<Float>) -> Float { Float.random(in: range, using: &self) }

    mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in float(in: range) }
    }
}
