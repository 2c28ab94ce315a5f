/// The limits of an engine.
public struct EngineConfiguration: Sendable, Equatable {
    /// Requests spoken at once, 1 to 64.
    public var maxBatch = 8
    /// Requests that may wait for a place.
    public var queueCapacity = 64
    /// Requests that one owner may have, waiting or spoken; nil for no limit.
    public var ownerLimit: Int?
    /// The longest wait for a place.
    public var queueDeadline: Duration = .seconds(300)
    /// The longest time from acceptance to the end; nil for no limit.
    public var totalDeadline: Duration?
    /// Positions of each sequence: text tokens, patches of the voice and patches of speech of one part; nil for 1024 or
    /// the model's context, whichever is less.
    public var positions: Int?
    /// Seconds of audio that wait for a reader before its speech is paused.
    public var bufferSeconds = 10.0
    /// How long a speech stays paused with nobody reading before it is cancelled.
    public var slowReaderPatience: Duration = .seconds(30)
    /// The most bytes that an engine may take besides the weights; nil for no limit.
    public var memoryLimitBytes: Int?
    /// A device that fails twice within this time is given up, and the processor takes its place.
    public var recoveryWindow: Duration = .seconds(600)
    /// The longest text of a request, in bytes of UTF-8.
    public var textLimitBytes = 1 << 20
    /// Bytes of encoded voices that are kept.
    public var voiceCacheBytes = 64 << 20

    public init() {}

    /// What ``positions`` is where it is nil and the model's context is longer.
    public static let usualPositions = 1024
}

/// What an engine is doing.
public enum EngineState: Sendable, Equatable {
    /// There is no model.
    case unloaded
    /// A model is being loaded; 0 to 1.
    case loading(Double)
    /// Requests are taken.
    case ready
    /// Nothing more is taken; what is under way goes on.
    case draining
    /// The end.
    case stopped
}

/// An engine cannot be made of a model and a configuration.
public enum EngineLoadError: Error, Equatable, CustomStringConvertible {
    /// The memory plan exceeds the limit.
    case memory(neededBytes: Int, limitBytes: Int, sequences: Int)
    /// The model can only be made on its device, which has failed.
    case noOtherPlace
    /// Another model is there, or being loaded, or the engine has stopped.
    case busy(EngineState)

    public var description: String {
        switch self {
        case .memory(let needed, let limit, let sequences):
            "\(sequences) requests at once need \(needed) bytes besides the weights, but \(limit) are allowed; lower the "
                + "batch or the positions"
        case .noOtherPlace: "this model can be loaded on its device only"
        case .busy(let state): "a model can be loaded into an unloaded engine only, but this one is \(state)"
        }
    }
}
