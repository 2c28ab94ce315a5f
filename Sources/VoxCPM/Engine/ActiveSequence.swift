import Compute

/// Names a sequence of a ``PatchEngine``; never used twice.
public struct SequenceID: Hashable, Sendable {
    let number: Int
}

/// What one step made for one sequence.
public struct SequencePatch: Sendable {
    public let id: SequenceID
    public let patch: Patch
    /// Why the sequence has ended with this patch and left the engine; nil where it goes on.
    public let finishReason: FinishReason?
}

/// A sequence that an engine works on: what it carries from patch to patch beside its rows of the workspace.
final class ActiveSequence {
    let id: SequenceID
    /// Its slab of the key-value arena, and its decoder.
    let slab: Int
    let trace: TraceRecorder?
    let plan: FlowMatching.Plan
    /// Positions that text and prompt take in the language models.
    let promptPositions: Int
    /// Patches made.
    private(set) var patchCount = 0
    private let minPatches: Int
    private let patchLimit: Int
    private let contextLimit: Int
    private var noise: NoiseSource
    private var samplesToDrop: Int

    init(
        id: SequenceID, slab: Int, request: GenerationRequest, plan: FlowMatching.Plan, noise: NoiseSource,
        promptPositions: Int, contextLimit: Int, samplesToDrop: Int, trace: TraceRecorder?
    ) {
        self.id = id
        self.slab = slab
        self.plan = plan
        self.noise = noise
        self.promptPositions = promptPositions
        self.contextLimit = contextLimit
        self.samplesToDrop = samplesToDrop
        self.trace = trace
        minPatches = request.minPatches
        patchLimit = min(request.patchLimit, noise.patchLimit)
    }

    /// The position of the next step of the language models.
    var position: Int { promptPositions + patchCount - 1 }

    /// Draws the next patch's noise into `patch`, `[patchSize, latentSize]`.
    func drawNoise(into patch: Matrix) { noise.fill(patch, patch: patchCount) }

    /// How many of the next samples belong to the prompt and are dropped.
    func dropped(of count: Int) -> Int {
        let dropped = min(samplesToDrop, count)
        samplesToDrop -= dropped
        return dropped
    }

    /// Counts a patch, and says whether the sequence ends with it.
    ///
    /// - Parameter stops: Whether the stop predictor wants to end.
    func finish(stops: Bool) -> FinishReason? {
        let index = patchCount
        patchCount += 1
        if index > minPatches && stops { return .stopped }
        if patchCount >= patchLimit { return .patchLimit }
        return position >= contextLimit ? .contextFull : nil
    }
}
