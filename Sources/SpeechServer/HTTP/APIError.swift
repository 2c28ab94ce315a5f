import HTTPTypes
import SpeechEngine

/// Why a request is not answered as it was meant, as the client hears it.
struct APIError: Error, Equatable {
    /// OpenAI's types of errors.
    enum Kind: String, Sendable {
        case invalidRequest = "invalid_request_error"
        case authentication = "authentication_error"
        case permission = "permission_error"
        case rateLimit = "rate_limit_error"
        case server = "server_error"
    }

    var status: HTTPResponse.Status
    var kind: Kind
    /// A word for programs.
    var code: String
    /// A sentence for people.
    var message: String
    /// The field that is meant.
    var parameter: String?
    /// Whole seconds until trying again makes sense.
    var retryAfterSeconds: Int?
    /// The methods that the path knows.
    var allowed: [HTTPRequest.Method] = []
    /// Whether the rest of the request is not read, so that the connection cannot go on.
    var closesConnection = false

    init(
        _ status: HTTPResponse.Status, _ kind: Kind = .invalidRequest, code: String, parameter: String? = nil,
        _ message: String
    ) {
        self.status = status
        self.kind = kind
        self.code = code
        self.message = message
        self.parameter = parameter
    }

    /// A field holds what cannot be.
    static func bad(_ parameter: String, code: String = "invalid_value", _ message: String) -> APIError {
        APIError(.badRequest, code: code, parameter: parameter, message)
    }

    /// A field that must be there is not.
    static func missing(_ parameter: String) -> APIError {
        bad(parameter, code: "missing_required_parameter", "The field \(parameter) is missing.")
    }

    /// The same for a dialect that has another name for a field.
    func naming(_ field: String, _ name: String) -> APIError {
        var error = self
        if error.parameter == field { error.parameter = name }
        return error
    }

    /// The end of a speech without sound.
    static let noAudio = APIError(
        .internalServerError, .server, code: "no_audio", "The model spoke no sound for this text.")

    /// An answer that is not ours to explain further; the log has the reason.
    static let internalFault = APIError(
        .internalServerError, .server, code: "internal_error",
        "Something went wrong in the server. Its log has more under the id in the header X-Request-Id.")
}

extension AdmissionError.Parameter {
    /// As it is called in JSON.
    fileprivate var fieldName: String {
        rawValue.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
    }
}

extension APIError {
    /// Why the engine did not take a request.
    init(_ refusal: AdmissionError) {
        let message = Self.sentence(refusal.description)
        switch refusal {
        case .invalid(let parameter, _, _):
            self.init(.badRequest, code: "invalid_value", parameter: parameter.fieldName, message)
        case .textTooLong: self.init(.contentTooLarge, code: "text_too_long", parameter: "text", message)
        case .unknownVoice: self.init(.badRequest, code: "voice_not_found", parameter: "voice", message)
        case .memory: self.init(.serviceUnavailable, .server, code: "memory_plan_exceeded", message)
        case .queueFull: self.init(.serviceUnavailable, .server, code: "queue_full", message)
        case .ownerLimit: self.init(.tooManyRequests, .rateLimit, code: "rate_limit_exceeded", message)
        case .unloaded: self.init(.serviceUnavailable, .server, code: "model_not_loaded", message)
        case .loading: self.init(.serviceUnavailable, .server, code: "model_loading", message)
        case .deviceFailed: self.init(.serviceUnavailable, .server, code: "device_failed", message)
        case .draining, .stopped: self.init(.serviceUnavailable, .server, code: "draining", message)
        }
        if status == .serviceUnavailable || status == .tooManyRequests {
            retryAfterSeconds = Self.wholeSeconds(refusal.retryAfter ?? .seconds(10))
        }
    }

    /// Why an accepted request brought no speech; nil where it did.
    init?(_ end: SpeechEnd) {
        switch end {
        case .complete, .lengthLimit: return nil
        case .failed:
            self.init(
                .internalServerError, .server, code: "engine_error",
                "The engine could not speak this text. The server's log has more under the id in X-Request-Id.")
        case .deviceFailed(let fault):
            // Whoever sends it again finds another context, or the processor.
            self.init(.serviceUnavailable, .server, code: "device_failed", Self.sentence(fault.description))
            retryAfterSeconds = 5
        case .cancelled(let reason):
            switch reason {
            case .queueDeadline:
                self.init(
                    .serviceUnavailable, .server, code: "queue_timeout", "The request waited too long for its turn.")
            case .totalDeadline:
                self.init(.serviceUnavailable, .server, code: "deadline_exceeded", "The request took too long.")
            case .shutdown:
                self.init(
                    .serviceUnavailable, .server, code: "draining",
                    "The server is shutting down, or its model is being changed.")
            case .slowReader:
                self.init(
                    .serviceUnavailable, .server, code: "slow_reader", "The sound was not read, and so it was ended.")
            case .asked, .readerGone:
                self.init(.serviceUnavailable, .server, code: "cancelled", "The request was cancelled.")
            }
            retryAfterSeconds = 10
        }
    }

    static func wholeSeconds(_ time: Duration) -> Int { max(1, Int(time.inSeconds.rounded(.up))) }

    /// Words that begin with a capital letter and end with a full stop.
    static func sentence(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
    }
}
