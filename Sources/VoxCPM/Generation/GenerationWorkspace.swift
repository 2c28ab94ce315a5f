import Checkpoint
import Compute

/// The memory that one engine loop works in, laid out before its first step and shared by the generations that run
/// in it one after the other.
final class GenerationWorkspace: Sendable {
    /// Rows of a prefill block: enough to make the weights' traffic small beside the arithmetic.
    private static let prefillRows = 256
    /// Prompt patches that the local encoder takes at a time.
    private static let prefillPatches = 32

    let semantic: TransformerWorkspace
    let residual: TransformerWorkspace
    let prefillEncoder: LocalEncoder.Workspace
    let stepEncoder: LocalEncoder.Workspace
    let flowMatching: FlowMatching.Workspace
    /// `[1, quantizerSize]`
    let levels: Matrix
    /// `[1, hiddenSize]` each: the language models' rows of a step.
    let embedding: Matrix
    let hidden: Matrix
    let scratch: Matrix
    /// `[1, localDiT.hiddenSize]`
    let mu: Matrix
    /// `[1, 2]`
    let stopLogits: Matrix
    /// `[patchSize, latentSize]` each: the patch being made, and the one before.
    let patch: Matrix
    let condition: Matrix

    init(_ model: VoxCPMModel) {
        let configuration = model.configuration
        let width = configuration.languageModel.hiddenSize
        semantic = model.semanticLM.language.transformer.makeWorkspace(rows: Self.prefillRows)
        residual = model.residualLM.language.transformer.makeWorkspace(rows: Self.prefillRows)
        prefillEncoder = model.localEncoder.makeWorkspace(patches: Self.prefillPatches)
        stepEncoder = model.localEncoder.makeWorkspace(patches: 1)
        flowMatching = model.flowMatching.makeWorkspace()
        levels = Matrix(rows: 1, columns: configuration.quantizerSize)
        embedding = Matrix(rows: 1, columns: width)
        hidden = Matrix(rows: 1, columns: width)
        scratch = Matrix(rows: 1, columns: width)
        mu = Matrix(rows: 1, columns: configuration.localDiT.hiddenSize)
        stopLogits = Matrix(rows: 1, columns: 2)
        patch = Matrix(rows: configuration.patchSize, columns: configuration.latentSize)
        condition = Matrix(rows: configuration.patchSize, columns: configuration.latentSize)
    }
}
