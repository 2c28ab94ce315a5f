import Checkpoint
import Compute

/// The token embedding: rows are read from the mapped checkpoint when they are needed, so it costs no memory.
struct EmbeddingTable: Sendable {
    let source: any TensorSource
    let name: String
    let width: Int
    /// What each embedding is multiplied with (muP's `scale_emb`).
    let scale: Float

    /// Writes one row per token into `out`, `[tokens, width]`.
    func gather(_ tokens: some Collection<Int>, into out: Matrix) throws {
        guard let info = source.tensors[name] else { throw VoxCPMError.missingTensor(name, file: source.file) }
        guard info.shape.count == 2, info.shape[1] == width else {
            throw VoxCPMError.unusableTensor(name, file: source.file, reason: "it has the shape \(info.shape)")
        }
        let vocabulary = info.shape[0]
        if let stranger = tokens.first(where: { !(0..<vocabulary).contains($0) }) {
            throw VoxCPMError.tokenOutOfRange(stranger, vocabulary: vocabulary)
        }
        let format = try source.rowFormat(info)
        try source.withBytes(of: name) { bytes in
            let rows = WeightRows(bytes, format: format, outputs: vocabulary, inputs: width)
            let base = out.replaceable
            for (index, token) in tokens.enumerated() {
                let to = base + index * out.rowStride
                rows.read(row: token, into: to)
                if scale != 1 { for column in 0..<width { to[column] *= scale } }
            }
        }
    }
}
