/// How a model is to be made.
public enum ModelPlace: Sendable, Equatable {
    /// On the device that was chosen.
    case device
    /// On that device again, which has just failed: nothing that was found out about it before counts.
    case deviceAgain
    /// On the processor, since the device has failed.
    case processor
}

/// A device failed while it computed: what it was doing is lost, nothing else is.
public struct DeviceFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// What follows.
    public enum Next: String, Sendable {
        /// The model is loaded on the device again.
        case device
        /// The model is loaded on the processor.
        case processor
        /// Nothing: the engine was about to stop, or has no other way.
        case nothing
    }

    /// The device, for people.
    public let device: String
    /// What it said.
    public let reason: String
    public let next: Next

    public init(device: String, reason: String, next: Next) {
        self.device = device
        self.reason = reason
        self.next = next
    }

    public var description: String {
        let what = "the device that computes, \(device), has failed (\(reason))"
        return switch next {
        case .device: "\(what); the model is being loaded on it again"
        case .processor: "\(what); the processor takes its place"
        case .nothing: what
        }
    }
}

/// What follows when a device has failed: it is tried once more, and after a second failure soon after the first the
/// processor takes its place.
struct RecoveryPolicy {
    /// How soon is soon.
    let window: Duration
    private var lastFailure: ContinuousClock.Instant?

    init(window: Duration) { self.window = window }

    /// Where the model is to be made after a failure.
    ///
    /// - Parameter place: Where it was.
    /// - Returns: Nil where there is no other place: the processor does not fail in a way that loading again mends.
    mutating func place(afterFailureOn place: ModelPlace, at now: ContinuousClock.Instant) -> ModelPlace? {
        guard place != .processor else { return nil }
        defer { lastFailure = now }
        if let lastFailure, now - lastFailure < window { return .processor }
        return .deviceAgain
    }
}
