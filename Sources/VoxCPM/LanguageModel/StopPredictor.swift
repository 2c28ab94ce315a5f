import Checkpoint
import Compute

/// Says after each patch whether the speech is over.
///
/// Reference: `stop_proj`, `stop_actn` and `stop_head` of `VoxCPMModel`.
public final class StopPredictor: Sendable {
    private let projection: LinearWeight
    private let head: LinearWeight

    init(weights: WeightReader) throws {
        projection = try weights.delicate.linear("stop_proj", hasBias: true)
        head = try weights.delicate.linear("stop_head", hasBias: false)
    }

    /// The two logits (go on, stop) of every row.
    ///
    /// - Parameters:
    ///   - hidden: `[rows, hiddenSize]`, the quantised state before the patch.
    ///   - scratch: `[rows, hiddenSize]`.
    ///   - out: `[rows, 2]`.
    func logits(_ hidden: Matrix, scratch: Matrix, into out: Matrix, backend: any Backend) {
        backend.linear(hidden, norm: nil, projection, into: scratch, .silu)
        backend.linear(scratch, norm: nil, head, into: out, .store)
    }
}
