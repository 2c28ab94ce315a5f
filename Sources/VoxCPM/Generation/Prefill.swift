import Checkpoint
import Compute

/// Reads text and prompt into both language models, block by block: the result does not depend on where blocks end.
///
/// Reference: the part of `VoxCPMModel._inference` before the loop.
struct Prefill {
    let model: VoxCPMModel
    let workspace: EngineWorkspace
    let arena: KeyValueArena
    let trace: TraceRecorder?

    /// One block: positions of the sequence, the first ones text, the others prompt patches.
    private struct Block {
        let positions: Range<Int>
        let textCount: Int
        let patches: Range<Int>

        /// The block's rows that are prompt patches.
        var audioRows: Range<Int> { textCount..<positions.count }

        init(_ positions: Range<Int>, text: Int) {
            self.positions = positions
            textCount = positions.clamped(to: 0..<max(text, positions.lowerBound)).count
            patches = max(positions.lowerBound, text) - text..<max(positions.upperBound, text) - text
        }
    }

    /// Fills a slab of both caches, and puts the models' last states into a row of the workspace.
    ///
    /// - Parameters:
    ///   - tokens: Without the audio start token.
    ///   - prompt: `[patches * patchSize, latentSize]`.
    func run(tokens: [Int], prompt: Matrix?, slab: Int, row: Int) throws {
        let text = tokens + [VoxCPMModel.audioStartToken]
        let positions = text.count + (prompt?.rows ?? 0) / model.configuration.patchSize
        trace?.remove(Self.recorded)
        try traceEncoder(text: text.count, prompt: prompt)
        for first in stride(from: 0, to: positions, by: workspace.prefill.rows) {
            let end = min(positions, first + workspace.prefill.rows)
            let block = Block(first..<end, text: text.count)
            let hidden = workspace.prefill.prefix(block.positions.count)
            try model.semanticLM.embed(
                text.dropFirst(block.positions.lowerBound).prefix(block.textCount),
                into: hidden.prefix(block.textCount))
            run(block, prompt: prompt, base: arena.base(slab), row: end == positions ? row : nil)
        }
        if let trace {
            let slots = arena.base(slab)..<arena.base(slab) + positions
            trace.setHeads("prefill_base_k0", arena.semantic.keys(layer: 0, slots), model.semanticHeads)
            trace.setHeads("prefill_base_v0", arena.semantic.values(layer: 0, slots), model.semanticHeads)
        }
    }

    /// Runs one block, whose text is embedded already.
    ///
    /// - Parameter row: Where the states of the last position go; nil for all blocks but the last.
    private func run(_ block: Block, prompt: Matrix?, base: Int, row: Int?) {
        let backend = model.backend
        let patchSize = model.configuration.patchSize
        let hidden = workspace.prefill.prefix(block.positions.count)
        let audio = hidden[rows: block.audioRows]
        let embeddings = workspace.prefillEmbedding.prefix(audio.rows)
        if let prompt, audio.rows > 0 {
            let latents = workspace.promptLatents.prefix(audio.rows * patchSize)
            latents.copy(
                from: prompt[rows: block.patches.lowerBound * patchSize..<block.patches.upperBound * patchSize])
            model.localEncoder.encode(
                latents, into: embeddings, workspace: workspace.encoder, backend: backend)
            backend.copy(embeddings, into: audio)
        }
        trace?.append("prefill_combined_embed", rows: hidden)

        model.semanticLM.language.prefill(
            hidden, from: block.positions.lowerBound, base: base, cache: arena.semantic, into: hidden,
            workspace: workspace.semanticLM, backend: backend)
        trace?.append("prefill_base_hidden", rows: hidden)
        if audio.rows > 0 {
            model.quantizer.quantize(audio, levels: workspace.levels, into: audio, backend: backend)
        }
        trace?.append("prefill_enc_outputs", rows: hidden)
        let last = hidden[rows: hidden.rows - 1..<hidden.rows]
        if let row { backend.copy(last, into: workspace.semantic[rows: row..<row + 1]) }

        if audio.rows > 0 { backend.add(audio, embeddings, into: audio) }
        trace?.append("prefill_residual_in", rows: hidden)
        model.residualLM.language.prefill(
            hidden, from: block.positions.lowerBound, base: base, cache: arena.residual, into: hidden,
            workspace: workspace.residualLM, backend: backend)
        trace?.append("prefill_residual_hidden", rows: hidden)
        if let row { backend.copy(last, into: workspace.residual[rows: row..<row + 1]) }
    }

    /// What the blocks record row by row.
    private static let recorded = [
        "prefill_combined_embed", "prefill_base_hidden", "prefill_enc_outputs", "prefill_residual_in",
        "prefill_residual_hidden",
    ]

    /// The reference encodes zeros at every text position and masks the result away. We encode one patch of zeros
    /// for the trace, and none otherwise.
    private func traceEncoder(text: Int, prompt: Matrix?) throws {
        guard let trace else { return }
        let configuration = model.configuration
        let silence = Matrix(rows: configuration.patchSize, columns: configuration.latentSize)
        func encode(_ patches: Matrix) -> (encoded: Matrix, embeddings: Matrix) {
            let count = patches.rows / configuration.patchSize
            let encoded = Matrix(rows: count, columns: model.localEncoder.hiddenSize)
            let embeddings = Matrix(rows: count, columns: configuration.languageModel.hiddenSize)
            model.localEncoder.encode(
                patches, into: embeddings, encoded: encoded, workspace: workspace.encoder, backend: model.backend)
            return (encoded, embeddings)
        }
        func below(_ zero: Matrix, _ rest: Matrix?) -> [Float] {
            (0..<text).flatMap { _ in zero.values() } + (rest?.values() ?? [])
        }
        let zero = encode(silence)
        let speech = prompt.map(encode)
        let rows = text + (speech?.embeddings.rows ?? 0)
        trace.set("prefill_locenc", shape: [rows, zero.encoded.columns], below(zero.encoded, speech?.encoded))
        trace.set(
            "prefill_feat_embed", shape: [rows, zero.embeddings.columns], below(zero.embeddings, speech?.embeddings))
        let feature =
            Array(repeating: Float(0), count: text * silence.rows * silence.columns) + (prompt?.values() ?? [])
        trace.set("feat", shape: [rows, silence.rows, silence.columns], feature)
    }
}

extension VoxCPMModel {
    /// The head layout of the semantic language model.
    var semanticHeads: HeadLayout { semanticLM.language.transformer.heads }
}
