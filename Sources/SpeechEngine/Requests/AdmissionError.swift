/// Why a request was not taken. Nothing of it is kept.
public enum AdmissionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a request says; the raw value is the name of the property.
    public enum Parameter: String, Sendable, CaseIterable {
        case text, voice, cfg, temperature, steps, maxSeconds, attempts, speed, heldBackSeconds, pauses,
            queueDeadline, totalDeadline
    }

    /// A parameter cannot be; waiting does not help.
    case invalid(Parameter, value: String, expected: String)
    /// The text has too many bytes.
    case textTooLong(bytes: Int, limitBytes: Int)
    /// The model has no voice of this name.
    case unknownVoice(name: String, available: [String])
    /// Voice and text take more positions than the engine has memory for.
    case memory(positions: Int, plannedPositions: Int, bytesPerPosition: Int)
    /// As many requests wait as may.
    case queueFull(capacity: Int, retryAfter: Duration)
    /// The owner has as many requests as it may.
    case ownerLimit(limit: Int, retryAfter: Duration)
    /// There is no model; see ``SpeechEngine/load(_:)``.
    case unloaded
    /// The model is being loaded; `progress` is 0 to 1.
    case loading(progress: Double, retryAfter: Duration)
    /// The device failed while it encoded a recording.
    case deviceFailed(DeviceFault, retryAfter: Duration)
    /// The engine finishes what it has and takes nothing more.
    case draining(retryAfter: Duration)
    /// The engine has stopped for good.
    case stopped

    /// A word for logs and metrics.
    public var label: String {
        switch self {
        case .invalid: "invalid"
        case .textTooLong: "text_too_long"
        case .unknownVoice: "unknown_voice"
        case .memory: "memory"
        case .queueFull: "queue_full"
        case .ownerLimit: "owner_limit"
        case .unloaded: "unloaded"
        case .loading: "loading"
        case .deviceFailed: "device_failed"
        case .draining: "draining"
        case .stopped: "stopped"
        }
    }

    /// When to try again, from the measured speed; nil where trying again does not help.
    public var retryAfter: Duration? {
        switch self {
        case .queueFull(_, let time), .ownerLimit(_, let time), .loading(_, let time), .draining(let time),
            .deviceFailed(_, let time):
            time
        case .invalid, .textTooLong, .unknownVoice, .memory, .unloaded, .stopped: nil
        }
    }

    public var description: String {
        switch self {
        case .invalid(let parameter, let value, let expected):
            "\(parameter.rawValue) is \(value), but must be \(expected)"
        case .textTooLong(let bytes, let limit):
            "the text has \(bytes) bytes, but \(limit) are allowed; speak it in several requests"
        case .unknownVoice(let name, let available):
            available.isEmpty
                ? "there is no voice '\(name)': the model has none; give it a recording and what is said in it"
                : "there is no voice '\(name)'; choose one of \(available.joined(separator: ", "))"
        case .memory(let positions, let planned, let bytes):
            "voice and text take \(positions) positions (\(positions * bytes) bytes), but the engine has memory for "
                + "\(planned) (\(planned * bytes) bytes); give it a shorter recording"
        case .queueFull(let capacity, let time):
            "\(capacity) requests wait already; try again in \(Self.seconds(time))"
        case .ownerLimit(let limit, let time):
            "\(limit) of your requests are under way, which is the limit; try again in \(Self.seconds(time))"
        case .unloaded: "no model is loaded"
        case .loading(let progress, let time):
            "the model is being loaded (\(Int(progress * 100)) %); try again in \(Self.seconds(time))"
        case .deviceFailed(let fault, let time): "\(fault); try again in \(Self.seconds(time))"
        case .draining(let time): "the engine is finishing its work; try again in \(Self.seconds(time))"
        case .stopped: "the engine has stopped"
        }
    }

    private static func seconds(_ time: Duration) -> String { "\(Int(time.inSeconds.rounded(.up))) s" }
}
