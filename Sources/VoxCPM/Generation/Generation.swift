import Checkpoint
import Compute

/// The patch loop of one request: one patch of speech out at each call of ``next()``.
///
/// It is a ``PatchEngine`` with one sequence. It computes on the thread that calls it, and nothing between two calls:
/// whoever wants to cancel stops calling. A generation belongs to one thread, and one generation of a model runs at a
/// time.
///
/// Reference: `VoxCPMModel._inference` and `_generate`.
public final class Generation {
    public let request: GenerationRequest
    /// Why the generation ended, once ``next()`` has returned nil.
    public private(set) var finishReason: FinishReason?

    private let engine: PatchEngine
    private let trace: TraceRecorder?
    private let timingsBefore: StageTimings
    private var sequence: SequenceID?

    /// Lays out an engine of its own.
    ///
    /// - Throws: ``VoxCPMError`` where a parameter is out of range or the text does not fit.
    public convenience init(_ model: VoxCPMModel, _ request: GenerationRequest) throws {
        try self.init(try model.engine(for: request), request)
    }

    /// Runs in an engine for one sequence, whose memory serves one generation after the other.
    ///
    /// - Throws: ``VoxCPMError`` where a parameter is out of range or the text does not fit.
    public convenience init(_ engine: PatchEngine, _ request: GenerationRequest) throws {
        try self.init(engine, request, trace: nil)
    }

    init(_ engine: PatchEngine, _ request: GenerationRequest, trace: TraceRecorder?) throws {
        precondition(engine.capacity.sequences == 1, "a generation would lose the patches of other sequences")
        try engine.check(request)
        self.engine = engine
        self.request = request
        self.trace = trace
        timingsBefore = engine.timings
    }

    deinit {
        if let sequence { engine.remove(sequence) }
    }

    public var model: VoxCPMModel { engine.model }

    /// Seconds spent in each stage so far.
    public var timings: StageTimings { engine.timings - timingsBefore }

    /// Makes the next patch, or returns nil when the speech is over.
    ///
    /// The first call also reads text and prompt.
    ///
    /// - Throws: ``VoxCPMError/tokenOutOfRange(_:vocabulary:)``, ``VoxCPMError/engineFull(sequences:)`` while another
    ///   generation of the same engine is under way, or what the backend failed with.
    public func next() throws -> Patch? {
        if finishReason != nil { return nil }
        if sequence == nil { sequence = try engine.admit(request, trace: trace) }
        guard let made = try engine.step().first else { return nil }
        finishReason = made.finishReason
        return made.patch
    }
}

extension VoxCPMModel {
    /// An engine with room for one request: the given one where it has it, otherwise a new one.
    ///
    /// - Throws: ``VoxCPMError`` where the request is not valid.
    public func engine(for request: GenerationRequest, reusing engine: PatchEngine? = nil) throws -> PatchEngine {
        if let engine, try fits(request, into: engine) { return engine }
        return try PatchEngine(self, try capacity(for: request))
    }

    /// Whether an engine is large enough for a request.
    ///
    /// - Throws: ``VoxCPMError`` where the request is not valid.
    public func fits(_ request: GenerationRequest, into engine: PatchEngine) throws -> Bool {
        try engine.capacity.positions >= capacity(for: request).positions
    }

    /// What an engine needs for one request.
    ///
    /// - Throws: ``VoxCPMError`` where the request is not valid.
    func capacity(for request: GenerationRequest) throws -> EngineCapacity {
        let positions = try positions(of: request)
        let patches = min(request.patchLimit, try NoiseSource(request, configuration).patchLimit)
        return EngineCapacity(positions: min(configuration.maxLength, max(2, positions + patches)))
    }
}
