public import VoxCPM

/// An engine at one moment.
public struct EngineSnapshot: Sendable {
    public var state: EngineState
    /// Requests that wait for their first place.
    public var queueDepth = 0
    /// Requests that were started and are not over: speaking, paused, or between two parts.
    public var active = 0
    /// Of these, the ones whose readers are late.
    public var paused = 0
    /// Places of the engine core that are taken.
    public var takenPlaces = 0
    /// Sequences of the last step.
    public var batchSize = 0
    /// Requests under way by owner; owners without any are not there.
    public var owners: [String: Int] = [:]
    /// Seconds of speech that are still expected of all requests.
    public var expectedSeconds = 0.0
    /// Seconds of speech for each second of work, all requests together, of late; nil before the first patch.
    public var throughput: Double?
    /// When the last patch was made; nil before the first. With work and without patches for a minute something is wrong.
    public var lastStep: ContinuousClock.Instant?
    /// The failure that is being mended, or because of which the processor computes; nil where all is well.
    public var fault: DeviceFault?
    public var counters = EngineCounters()
    /// Memory besides the weights; nil without a model.
    public var memory: MemoryPlan?
    /// Bytes of encoded voices that are kept.
    public var voiceCacheBytes = 0

    /// Bytes of memory besides the weights, by what they hold; empty without a model.
    public var bytesByUse: [String: Int] {
        guard let memory else { return [:] }
        return [
            "keys_and_values": memory.capacity.sequences * memory.keyValueBytesPerSequence,
            "decoders": memory.capacity.sequences * memory.decoderBytesPerSequence,
            "workspace": memory.workspaceBytes, "voices": voiceCacheBytes,
        ]
    }
}

/// What an engine has done since it was made. Numbers only grow.
public struct EngineCounters: Sendable, Equatable {
    public var accepted = 0
    /// By ``AdmissionError/label``.
    public var refused: [String: Int] = [:]
    /// Requests that ended with all their text, or at their limit of length.
    public var finished = 0
    public var failed = 0
    public var cancelled: [CancelReason: Int] = [:]
    public var retries: [BadCase: Int] = [:]
    /// Failures of the device while it computed.
    public var deviceFaults = 0
    public var steps = 0
    /// Seconds of audio delivered.
    public var audioSeconds = 0.0
}

/// Hears what happens in an engine, for metrics. Called on the engine's own threads: it must not wait or compute.
public protocol EngineObserver: Sendable {
    /// A request was taken.
    func accepted()
    /// A request was refused.
    func refused(_ error: AdmissionError)
    /// A request got its first place.
    func started(queueWait: Duration)
    /// A request delivered its first audio, so long after its acceptance.
    func firstAudio(after: Duration)
    /// A part is tried again.
    func retried(_ badCase: BadCase)
    /// A patch of each of `batchSize` sequences was made.
    func stepped(batchSize: Int, took: Duration)
    /// A request ended.
    func finished(_ outcome: SpeechOutcome)
}

extension EngineObserver {
    public func accepted() {}
    public func refused(_ error: AdmissionError) {}
    public func started(queueWait: Duration) {}
    public func firstAudio(after: Duration) {}
    public func retried(_ badCase: BadCase) {}
    public func stepped(batchSize: Int, took: Duration) {}
    public func finished(_ outcome: SpeechOutcome) {}
}

/// Hears nothing.
public struct NoObserver: EngineObserver {
    public init() {}
}
