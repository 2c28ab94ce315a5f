import Checkpoint
import Compute

/// The memory that one engine works in, laid out before its first step.
///
/// Rows of ``semantic``, ``residual`` and ``condition`` carry a sequence from step to step; all else is written before
/// it is read in every step.
final class EngineWorkspace {
    /// Rows of a prefill block: enough to make the weights' traffic small beside the arithmetic.
    static let prefillRows = 256
    /// Prompt patches that the local encoder takes at a time.
    private static let prefillPatches = 32

    let semanticLM: TransformerWorkspace
    let residualLM: TransformerWorkspace
    let encoder: LocalEncoder.Workspace
    let flowMatching: FlowMatching.Workspace
    /// `[prefill rows, hiddenSize]` each: a block of a prefill, and its patches' embeddings.
    let prefill: Matrix
    let prefillEmbedding: Matrix
    /// `[prefill rows * patchSize, latentSize]`: the latents of a block's prompt patches. Prompts outlive engines, so no
    /// backend gets to see their own memory.
    let promptLatents: Matrix
    /// `[rows, quantizerSize]`, for prefill and steps.
    let levels: Matrix
    /// `[sequences, hiddenSize]` each: the language models' last states.
    let semantic: Matrix
    let residual: Matrix
    /// `[sequences, hiddenSize]` each.
    let embedding: Matrix
    let hidden: Matrix
    let scratch: Matrix
    /// `[sequences, localDiT.hiddenSize]`
    let mu: Matrix
    /// `[sequences, 2]`
    let stopLogits: Matrix
    /// `[sequences * patchSize, latentSize]` each: the patches being made, and the ones before.
    let patches: Matrix
    let condition: Matrix
    /// What paused sequences carry, by slab: as ``semantic``, ``residual`` and ``condition``.
    private let parkedSemantic: Matrix
    private let parkedResidual: Matrix
    private let parkedCondition: Matrix

    /// The most rows that a step of a transformer has.
    var mostRows: Int {
        [semanticLM, residualLM, encoder.transformer, flowMatching.estimator.transformer].map(\.rows).max() ?? 0
    }

    init(_ model: VoxCPMModel, _ capacity: EngineCapacity, from supply: inout MatrixSupply) {
        let configuration = model.configuration
        let sequences = capacity.sequences
        let width = configuration.languageModel.hiddenSize
        let block = min(Self.prefillRows, capacity.positions)
        let rows = max(block, sequences)
        let semanticStack = model.semanticLM.language.transformer
        let residualStack = model.residualLM.language.transformer
        semanticLM = semanticStack.makeWorkspace(rows: rows, from: &supply)
        // The two models never work at the same time.
        residualLM =
            residualStack.hasWidths(of: semanticStack)
            ? semanticLM : residualStack.makeWorkspace(rows: rows, from: &supply)
        encoder = model.localEncoder.makeWorkspace(
            patches: max(sequences, min(Self.prefillPatches, capacity.positions)), from: &supply)
        flowMatching = model.flowMatching.makeWorkspace(sequences: sequences, from: &supply)
        prefill = supply.matrix(rows: block, columns: width)
        prefillEmbedding = supply.matrix(rows: block, columns: width)
        promptLatents = supply.matrix(rows: block * configuration.patchSize, columns: configuration.latentSize)
        levels = supply.matrix(rows: rows, columns: configuration.quantizerSize)
        semantic = supply.matrix(rows: sequences, columns: width)
        residual = supply.matrix(rows: sequences, columns: width)
        embedding = supply.matrix(rows: sequences, columns: width)
        hidden = supply.matrix(rows: sequences, columns: width)
        scratch = supply.matrix(rows: sequences, columns: width)
        mu = supply.matrix(rows: sequences, columns: configuration.localDiT.hiddenSize)
        stopLogits = supply.matrix(rows: sequences, columns: 2)
        patches = supply.matrix(rows: sequences * configuration.patchSize, columns: configuration.latentSize)
        condition = supply.matrix(rows: sequences * configuration.patchSize, columns: configuration.latentSize)
        parkedSemantic = supply.matrix(rows: sequences, columns: width)
        parkedResidual = supply.matrix(rows: sequences, columns: width)
        parkedCondition = supply.matrix(
            rows: sequences * configuration.patchSize, columns: configuration.latentSize)
    }

    /// Puts aside what a sequence carries between two steps.
    func park(row: Int, patch: Range<Int>, slab: Int, _ parkedPatch: Range<Int>) {
        parkedSemantic[rows: slab..<slab + 1].copy(from: semantic[rows: row..<row + 1])
        parkedResidual[rows: slab..<slab + 1].copy(from: residual[rows: row..<row + 1])
        parkedCondition[rows: parkedPatch].copy(from: condition[rows: patch])
    }

    /// Puts back what ``park(row:patch:slab:_:)`` put aside.
    func unpark(row: Int, patch: Range<Int>, slab: Int, _ parkedPatch: Range<Int>) {
        semantic[rows: row..<row + 1].copy(from: parkedSemantic[rows: slab..<slab + 1])
        residual[rows: row..<row + 1].copy(from: parkedResidual[rows: slab..<slab + 1])
        condition[rows: patch].copy(from: parkedCondition[rows: parkedPatch])
    }
}
