import Checkpoint
import Compute

/// The local encoder: a patch of latents in, one embedding out. A special token in front of the patch's latents gathers
/// what the others say; its final state is the embedding.
///
/// Reference: `VoxCPMLocEnc`, with the projection `enc_to_lm_proj` behind it.
public final class LocalEncoder: Sendable {
    let hiddenSize: Int
    private let patchSize: Int
    let transformer: Transformer
    private let input: LinearWeight
    private let toLanguageModel: LinearWeight
    private let specialToken: Matrix

    init(_ configuration: ModelConfiguration, weights: WeightReader) throws {
        patchSize = configuration.patchSize
        hiddenSize = configuration.localEncoder.hiddenSize
        transformer = try Transformer(
            configuration.localEncoder, prefix: "feat_encoder.encoder", positions: configuration.patchSize + 1,
            weights: weights)
        input = try weights.delicate.linear("feat_encoder.in_proj", hasBias: true)
        toLanguageModel = try weights.delicate.linear("enc_to_lm_proj", hasBias: true)
        let token = try weights.source.floats("feat_encoder.special_token")
        guard token.count == hiddenSize else {
            throw VoxCPMError.unusableTensor(
                "feat_encoder.special_token", file: weights.source.file, reason: "it has \(token.count) values")
        }
        specialToken = Matrix(rows: 1, columns: hiddenSize, values: token)
    }

    /// Memory for up to `patches` patches at a time.
    func makeWorkspace(patches: Int, from supply: inout MatrixSupply) -> Workspace {
        let rows = patches * (patchSize + 1)
        return Workspace(
            patches: patches, projected: supply.matrix(rows: patches * patchSize, columns: hiddenSize),
            hidden: supply.matrix(rows: rows, columns: hiddenSize),
            normalized: supply.matrix(rows: patches, columns: hiddenSize),
            transformer: transformer.makeWorkspace(rows: rows, from: &supply),
            plan: RowPlan.groups(patches, of: patchSize + 1))
    }

    struct Workspace: Sendable {
        /// The most patches at a time.
        let patches: Int
        let projected: Matrix
        let hidden: Matrix
        let normalized: Matrix
        let transformer: TransformerWorkspace
        let plan: RowPlan
    }

    /// Encodes patches and projects them into the language model.
    ///
    /// - Parameters:
    ///   - patches: `[patches * patchSize, latentSize]`.
    ///   - out: `[patches, languageModel.hiddenSize]`.
    ///   - encoded: Where to put the encoder's own output, `[patches, hiddenSize]`, for those who trace.
    func encode(
        _ patches: Matrix, into out: Matrix, encoded: Matrix? = nil, workspace: Workspace, backend: any Backend
    ) {
        var first = 0
        while first < out.rows {
            let count = min(workspace.patches, out.rows - first)
            let block = patches[rows: first * patchSize..<(first + count) * patchSize]
            let normalized = workspace.normalized.prefix(count)
            encodeBlock(block, count: count, into: normalized, workspace: workspace, backend: backend)
            encoded?[rows: first..<first + count].copy(from: normalized)
            backend.linear(normalized, norm: nil, toLanguageModel, into: out[rows: first..<first + count], .store)
            first += count
        }
    }

    private func encodeBlock(
        _ patches: Matrix, count: Int, into out: Matrix, workspace: Workspace, backend: any Backend
    ) {
        let group = patchSize + 1
        let hidden = workspace.hidden.prefix(count * group)
        let projected = workspace.projected.prefix(patches.rows)
        backend.linear(patches, norm: nil, input, into: projected, .store)
        backend.layOut(specialToken, before: projected, size: patchSize, into: hidden)
        let result = transformer.run(
            hidden, plan: workspace.plan, cache: nil, wanted: GroupRows(of: group, rows: 0..<1),
            workspace: workspace.transformer, backend: backend)
        // Where all rows were run, the first one of each group counts.
        let first = Matrix(
            storage: result.storage, offset: result.offset, rows: count, columns: hiddenSize,
            rowStride: backend.runsWholeGroups ? group * hiddenSize : hiddenSize)
        backend.normalize(first, transformer.finalNorm, into: out)
    }
}
