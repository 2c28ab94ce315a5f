import Checkpoint
import Compute

/// The engine core: several sequences in, one patch of speech for each at every ``step()``.
///
/// A sequence joins with ``admit(_:)`` and leaves by itself or with ``remove(_:)``, always between two steps. What it
/// says does not depend on who else is there, to the bit: the sequences of a step share the reading of weights, and no
/// sum runs over more than one of them.
///
/// An engine computes on the thread that calls it and belongs to that thread; one engine of a model computes at a time.
/// All memory is laid out by the initialiser, as ``MemoryPlan`` says.
public final class PatchEngine {
    public let model: VoxCPMModel
    public let capacity: EngineCapacity
    /// Seconds spent in each stage so far, for all sequences together.
    public internal(set) var timings = StageTimings()

    /// Called at the end of every stage, inside its time: for those who measure a device, which is only asked to work
    /// there. Nil for all others.
    public var onStageEnd: (() -> Void)?

    /// Bytes that the initialiser laid out.
    let memoryBytes: Int
    let workspace: EngineWorkspace
    /// The chains of steps that a device has recorded of this engine.
    let chains = ChainShelf()
    let arena: KeyValueArena
    /// The decoder's state of each slab.
    let decoders: [AudioVAEDecoderState]
    /// The sequences, row by row, those with the most steps of flow matching first: whoever still solves is in front.
    private(set) var rows: [ActiveSequence] = []
    /// The rows' plans of flow matching.
    private(set) var flowPlans: [FlowMatching.Plan] = []
    /// Where the rows of a language model's step stand.
    var stepPlan: RowPlan
    /// Sequences that steps pass over.
    private(set) var parked: [SequenceID: ActiveSequence] = [:]
    private var schedules = FlowScheduleCache()
    private var nextID = 0
    /// What the two chains of a step exchange: who speaks, what is heard of each, and why each ends where it does.
    var speakers: [ActiveSequence] = []
    var sounds: [[Float]] = []
    var endings: [FinishReason?] = []
    /// Seconds of the chain that runs beside the other.
    var besideTimings = StageTimings()

    /// Lays out all memory.
    ///
    /// - Throws: ``VoxCPMError/invalidParameter(_:value:expected:)`` where the capacity is out of range.
    public init(_ model: VoxCPMModel, _ capacity: EngineCapacity) throws(VoxCPMError) {
        try capacity.validate(model.configuration)
        self.model = model
        self.capacity = capacity
        var supply = MatrixSupply.memory
        workspace = EngineWorkspace(model, capacity, from: &supply)
        arena = KeyValueArena(model, capacity, from: &supply)
        let patchSize = model.configuration.patchSize
        decoders = (0..<capacity.sequences).map { _ in model.audioVAE.makeDecoder(maxChunk: patchSize) }
        let decoderBytes = model.audioVAE.decoderBytes(maxChunk: patchSize)
        memoryBytes = supply.byteCount + decoders.count * decoderBytes.state + decoderBytes.shared
        let widest = model.configuration.transformers.map { max($0.hiddenSize, $0.feedForwardSize) }.max() ?? 0
        model.backend.reserve(
            rows: workspace.mostRows, columns: widest, heads: model.semanticHeads, span: capacity.positions)
        model.backend.layOut(supply.storages + decoders.flatMap(\.storages))
        stepPlan = .steps(Array(repeating: (position: 0, base: 0), count: capacity.sequences))
        rows.reserveCapacity(capacity.sequences)
        flowPlans.reserveCapacity(capacity.sequences)
        sounds.reserveCapacity(capacity.sequences)
        endings.reserveCapacity(capacity.sequences)
    }

    /// Sequences that the next step works on.
    public var sequenceCount: Int { rows.count }
    /// Sequences that could be admitted now. Paused ones keep their places.
    public var freePlaces: Int { arena.freeCount }

    /// Takes a sequence in and reads its text and prompt. Its first patch comes with the next ``step()``.
    ///
    /// - Throws: ``VoxCPMError`` where the request is not valid, its text does not fit, or all slots are taken; what the
    ///   backend failed with.
    public func admit(_ request: GenerationRequest) throws -> SequenceID { try admit(request, trace: nil) }

    func admit(_ request: GenerationRequest, trace: TraceRecorder?) throws -> SequenceID {
        let (positions, noise) = try check(request)
        guard let slab = arena.take() else { throw VoxCPMError.engineFull(sequences: capacity.sequences) }
        do {
            try read(request, slab: slab, trace: trace)
            try model.backend.check()
        } catch {
            arena.giveBack(slab)
            throw error
        }
        let sequence = ActiveSequence(
            id: SequenceID(number: nextID), slab: slab, request: request, plan: schedules.plan(request, model),
            noise: noise, promptPositions: positions, contextLimit: capacity.positions,
            samplesToDrop: startDecoder(request.prompt, slab: slab, trace: trace), trace: trace)
        nextID += 1
        join(sequence)
        return sequence.id
    }

    /// Checks a request without taking it in.
    @discardableResult func check(_ request: GenerationRequest) throws -> (positions: Int, noise: NoiseSource) {
        let positions = try model.positions(of: request)
        guard positions <= capacity.positions else {
            throw VoxCPMError.inputTooLong(positions: positions, limit: capacity.positions)
        }
        return (positions, try NoiseSource(request, model.configuration))
    }

    /// Takes a sequence out, whatever it was about to say; its place is free at once. Does nothing where the sequence
    /// has left already.
    public func remove(_ id: SequenceID) {
        if let sequence = parked.removeValue(forKey: id) { return arena.giveBack(sequence.slab) }
        guard let row = rows.firstIndex(where: { $0.id == id }) else { return }
        leave(row: row)
    }

    /// Leaves a sequence out of the following steps; it keeps its place, and goes on after ``resume(_:)`` as if nothing
    /// had been. Does nothing where it is not running.
    public func pause(_ id: SequenceID) {
        guard let row = rows.firstIndex(where: { $0.id == id }) else { return }
        let sequence = rows[row]
        workspace.park(row: row, patch: patchRows(row), slab: sequence.slab, patchRows(sequence.slab))
        parked[id] = sequence
        close(row: row)
    }

    /// Takes a paused sequence into the following steps again. Does nothing where it is not paused.
    public func resume(_ id: SequenceID) {
        guard let sequence = parked.removeValue(forKey: id) else { return }
        let row = rows.count
        workspace.unpark(row: row, patch: patchRows(row), slab: sequence.slab, patchRows(sequence.slab))
        join(sequence)
    }

    /// Appends a sequence whose states were put into the first free row, and moves it to its place.
    private func join(_ sequence: ActiveSequence) {
        rows.append(sequence)
        flowPlans.append(sequence.plan)
        var row = rows.count - 1
        while row > 0, flowPlans[row - 1].solvedSteps < flowPlans[row].solvedSteps {
            exchange(row - 1, row)
            row -= 1
        }
    }

    /// Ends a row's sequence. The gap closes; the order of the others stays.
    func leave(row: Int) {
        arena.giveBack(rows[row].slab)
        close(row: row)
    }

    /// Takes a row out of the steps.
    private func close(row: Int) {
        for next in row + 1..<max(row + 1, rows.count) { exchange(next - 1, next) }
        rows.removeLast()
        flowPlans.removeLast()
    }

    private func exchange(_ first: Int, _ second: Int) {
        rows.swapAt(first, second)
        flowPlans.swapAt(first, second)
        for states in [workspace.semantic, workspace.residual, workspace.embedding] {
            states.exchangeRows(first..<first + 1, second..<second + 1)
        }
        workspace.condition.exchangeRows(patchRows(first), patchRows(second))
    }

    /// Adds the time of some work to a stage.
    func measure<Result>(_ stage: StageTimings.Stage, _ body: () throws -> Result) rethrows -> Result {
        guard let onStageEnd else { return try timings.measure(stage, body) }
        return try timings.measure(stage) {
            defer { onStageEnd() }
            return try body()
        }
    }

    /// The rows of one sequence's patch in a matrix of all sequences' patches.
    func patchRows(_ row: Int) -> Range<Int> {
        let size = model.configuration.patchSize
        return row * size..<(row + 1) * size
    }
}

extension ModelConfiguration {
    /// All four transformers.
    fileprivate var transformers: [TransformerConfiguration] {
        [languageModel, residualLanguageModel, localEncoder, localDiT]
    }
}

extension VoxCPMModel {
    /// Checks a request, and counts the positions of its text and prompt.
    ///
    /// - Throws: ``VoxCPMError``.
    func positions(of request: GenerationRequest) throws -> Int {
        try request.validate()
        let patchSize = configuration.patchSize
        if let prompt = request.prompt {
            guard prompt.columns == configuration.latentSize, prompt.rows % patchSize == 0, prompt.rows > 0 else {
                throw VoxCPMError.shapeMismatch(
                    "prompt", expected: [patchSize, configuration.latentSize], found: [prompt.rows, prompt.columns])
            }
        }
        let positions = request.tokens.count + 1 + (request.prompt?.rows ?? 0) / patchSize
        guard positions <= configuration.maxLength else {
            throw VoxCPMError.inputTooLong(positions: positions, limit: configuration.maxLength)
        }
        return positions
    }
}
