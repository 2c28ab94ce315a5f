import Checkpoint
import Compute

/// Reads text and prompt into both language models in one pass.
///
/// Reference: the part of `VoxCPMModel._inference` before the loop.
struct Prefill {
    let model: VoxCPMModel
    let workspace: GenerationWorkspace
    let trace: TraceRecorder?

    /// What the loop starts from.
    struct State {
        /// `[1, hiddenSize]`: the semantic model's last state (quantised behind a prompt).
        let semantic: Matrix
        /// `[1, hiddenSize]`: the residual model's last state.
        let residual: Matrix
        /// Positions taken.
        let positions: Int
    }

    /// Fills both caches.
    func run(
        tokens: [Int], prompt: Matrix?, semanticCache: KeyValueCache, residualCache: KeyValueCache
    ) throws -> State {
        let backend = model.backend
        let width = model.configuration.languageModel.hiddenSize
        let patchSize = model.configuration.patchSize
        let text = tokens + [VoxCPMModel.audioStartToken]
        let patches = (prompt?.rows ?? 0) / patchSize
        let positions = text.count + patches
        let audioRows = text.count..<positions

        let hidden = Matrix(rows: positions, columns: width)
        let patchEmbeddings = Matrix(rows: patches, columns: width)
        try model.semanticLM.embed(text, into: hidden.prefix(text.count))
        if let prompt, patches > 0 {
            let encoded = trace == nil ? nil : Matrix(rows: patches, columns: model.localEncoder.hiddenSize)
            model.localEncoder.encode(
                prompt, into: patchEmbeddings, encoded: encoded, workspace: workspace.prefillEncoder, backend: backend)
            backend.copy(patchEmbeddings, into: hidden[rows: audioRows])
            try traceEncoder(text: text.count, encoded: encoded, embeddings: patchEmbeddings, prompt: prompt)
        } else if trace != nil {
            try traceEncoder(text: text.count, encoded: nil, embeddings: patchEmbeddings, prompt: nil)
        }
        trace?.set("prefill_combined_embed", hidden)

        model.semanticLM.language.prefill(
            hidden, from: 0, cache: semanticCache, into: hidden, workspace: workspace.semantic, backend: backend)
        trace?.set("prefill_base_hidden", hidden)
        trace?.setHeads("prefill_base_k0", semanticCache.keys(layer: 0, count: positions), model.semanticHeads)
        trace?.setHeads("prefill_base_v0", semanticCache.values(layer: 0, count: positions), model.semanticHeads)
        if patches > 0 {
            let audio = hidden[rows: audioRows]
            let levels = Matrix(rows: patches, columns: model.quantizer.size)
            model.quantizer.quantize(audio, levels: levels, into: audio, backend: backend)
        }
        trace?.set("prefill_enc_outputs", hidden)
        let semantic = Matrix(rows: 1, columns: width)
        backend.copy(hidden[rows: positions - 1..<positions], into: semantic)

        if patches > 0 {
            backend.add(hidden[rows: audioRows], patchEmbeddings, into: hidden[rows: audioRows])
        }
        trace?.set("prefill_residual_in", hidden)
        model.residualLM.language.prefill(
            hidden, from: 0, cache: residualCache, into: hidden, workspace: workspace.residual, backend: backend)
        trace?.set("prefill_residual_hidden", hidden)
        let residual = Matrix(rows: 1, columns: width)
        backend.copy(hidden[rows: positions - 1..<positions], into: residual)
        return State(semantic: semantic, residual: residual, positions: positions)
    }

    /// The reference encodes zeros at every text position and masks the result away. We encode one patch of zeros
    /// for the trace, and none otherwise.
    private func traceEncoder(text: Int, encoded: Matrix?, embeddings: Matrix, prompt: Matrix?) throws {
        guard let trace else { return }
        let patchSize = model.configuration.patchSize
        let silence = Matrix(rows: patchSize, columns: model.configuration.latentSize)
        let zeroEncoded = Matrix(rows: 1, columns: model.localEncoder.hiddenSize)
        let zeroEmbedding = Matrix(rows: 1, columns: embeddings.columns)
        model.localEncoder.encode(
            silence, into: zeroEmbedding, encoded: zeroEncoded, workspace: workspace.stepEncoder, backend: model.backend
        )
        func below(_ zero: Matrix, _ rest: Matrix?) -> [Float] {
            (0..<text).flatMap { _ in zero.values() } + (rest?.values() ?? [])
        }
        let rows = text + embeddings.rows
        trace.set("prefill_locenc", shape: [rows, zeroEncoded.columns], below(zeroEncoded, encoded))
        trace.set("prefill_feat_embed", shape: [rows, embeddings.columns], below(zeroEmbedding, embeddings))
        let feature = Array(repeating: Float(0), count: text * patchSize * silence.columns) + (prompt?.values() ?? [])
        trace.set("feat", shape: [rows, patchSize, silence.columns], feature)
    }
}

extension VoxCPMModel {
    /// The head layout of the semantic language model.
    var semanticHeads: HeadLayout { semanticLM.language.transformer.heads }
}
