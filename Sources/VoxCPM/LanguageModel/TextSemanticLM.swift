import Checkpoint
import Compute

/// The text-semantic language model: token embedding, causal transformer, final normalisation. It plans what is said.
///
/// Reference: `MiniCPMModel` as `base_lm`.
public final class TextSemanticLM: Sendable {
    let language: CausalTransformer
    private let embedding: EmbeddingTable

    init(_ configuration: ModelConfiguration, weights: WeightReader) throws {
        let model = configuration.languageModel
        language = CausalTransformer(
            try Transformer(model, prefix: "base_lm", positions: configuration.maxLength, weights: weights))
        embedding = EmbeddingTable(
            source: weights.source, name: "base_lm.embed_tokens.weight", width: model.hiddenSize,
            scale: Float(model.tokenScale))
    }

    /// Writes the embedding of each token into the rows of `out`, `[tokens, hiddenSize]`.
    func embed(_ tokens: some Collection<Int>, into out: Matrix) throws { try embedding.gather(tokens, into: out) }
}

/// The residual acoustic language model: it adds what the quantised plan leaves out.
///
/// Reference: `MiniCPMModel` without an embedding, as `residual_lm`.
public final class ResidualAcousticLM: Sendable {
    let language: CausalTransformer

    /// - Parameter semantic: The model beside it, whose rotary table it shares.
    init(_ configuration: ModelConfiguration, beside semantic: TextSemanticLM, weights: WeightReader) throws {
        language = CausalTransformer(
            try Transformer(
                configuration.residualLanguageModel, prefix: "residual_lm", positions: configuration.maxLength,
                weights: weights, sibling: semantic.language.transformer))
    }
}

/// A transformer that reads a sequence from left to right and remembers it.
public final class CausalTransformer: Sendable {
    public let transformer: Transformer

    init(_ transformer: Transformer) { self.transformer = transformer }

    /// Runs rows through all layers and the final normalisation.
    ///
    /// Long inputs pass in blocks of the workspace's rows; the result does not depend on the block's size.
    ///
    /// - Parameters:
    ///   - input: `[rows, hiddenSize]`; used as the residual stream and left changed.
    ///   - output: `[rows, hiddenSize]`, may be `input`.
    ///   - position: The position of the first row.
    ///   - base: The sequence's first slot in the cache.
    func prefill(
        _ input: Matrix, from position: Int, base: Int = 0, cache: KeyValueCache, into output: Matrix,
        workspace: TransformerWorkspace, backend: any Backend
    ) {
        var first = 0
        while first < input.rows {
            let rows = first..<min(input.rows, first + workspace.rows)
            let plan = RowPlan.causal(from: position + first, count: rows.count, base: base)
            transformer.run(input[rows: rows], plan: plan, cache: cache, workspace: workspace, backend: backend)
            backend.normalize(input[rows: rows], transformer.finalNorm, into: output[rows: rows])
            first = rows.upperBound
        }
    }

    /// One step of one or several sequences: row i belongs to sequence i.
    func step(
        _ input: Matrix, plan: RowPlan, cache: KeyValueCache, into output: Matrix, workspace: TransformerWorkspace,
        backend: any Backend
    ) {
        transformer.run(input, plan: plan, cache: cache, workspace: workspace, backend: backend)
        backend.normalize(input, transformer.finalNorm, into: output)
    }
}
