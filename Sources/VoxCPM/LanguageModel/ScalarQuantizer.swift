import Checkpoint
import Compute

/// Finite scalar quantisation: the bottleneck that keeps the plan to a few levels per dimension.
///
/// Reference: `ScalarQuantizationLayer`.
public final class ScalarQuantizer: Sendable {
    private let input: LinearWeight
    private let output: LinearWeight
    private let scale: Float
    /// Dimensions of the bottleneck.
    let size: Int

    init(_ configuration: ModelConfiguration, weights: WeightReader) throws {
        input = try weights.delicate.linear("fsq_layer.in_proj", hasBias: true)
        output = try weights.delicate.linear("fsq_layer.out_proj", hasBias: true)
        scale = Float(configuration.quantizerScale)
        size = configuration.quantizerSize
    }

    /// `levels = round(tanh(W1 x + b1) scale) / scale`, `out = W2 levels + b2`, for every row.
    ///
    /// - Parameters:
    ///   - x: `[rows, hiddenSize]`.
    ///   - levels: `[rows or more, size]`, the quantised values.
    ///   - out: `[rows, hiddenSize]`, may be `x`.
    func quantize(_ x: Matrix, levels: Matrix, into out: Matrix, backend: any Backend) {
        let levels = levels.prefix(x.rows)
        backend.linear(x, norm: nil, input, into: levels, .quantize(scale: scale))
        backend.linear(levels, norm: nil, output, into: out, .store)
    }
}
