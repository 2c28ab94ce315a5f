import Checkpoint
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// One request with all that its handler needs.
struct Exchange: Sendable {
    let request: Request
    /// The values of the path's segments in braces.
    let values: [String: String]
    let id: String
    /// Whose request it is.
    var caller: Caller
    let services: Services
    let connection: ConnectionNews
    let channel: any Channel
    let limits: ServerConfiguration.Limits
    let logger: Logger

    /// The key of limits and of fairness.
    var owner: String { caller.name }

    /// The way to the engine for what is asked here.
    func door(to source: any SpeechSource) -> SpeechDoor {
        SpeechDoor(source: source, services: services, caller: caller, id: id, logger: logger)
    }

    /// Reads the whole body.
    ///
    /// - Parameter limit: Bytes; nil for the usual limit.
    /// - Throws: 413 where it is too long, before and while reading; 408 where it takes too long; 415 where it is packed.
    func body(limit: Int? = nil) async throws -> [UInt8] {
        if let coding = request.headers[.contentEncoding], coding.lowercased() != "identity" {
            throw unread(.unsupportedMediaType, "unsupported_encoding", "Send the body as it is, not packed.")
        }
        let limit = limit ?? limits.bodyBytes
        let tooLarge = tooLarge(limit)
        if let announced = request.headers[.contentLength].flatMap({ Int($0) }), announced > limit {
            throw tooLarge
        }
        let body = request.body
        return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask {
                var bytes: [UInt8] = []
                for try await buffer in body {
                    guard bytes.count + buffer.readableBytes <= limit else { throw tooLarge }
                    bytes += buffer.readableBytesView
                }
                return bytes
            }
            group.addTask {
                try await Task.sleep(for: limits.bodyTime)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let bytes = first else {
                throw unread(.requestTimeout, "body_too_slow", "The body took too long to arrive.")
            }
            return bytes
        }
    }

    /// Reads the body as a JSON object.
    ///
    /// - Parameters:
    ///   - limit: Bytes; nil for the usual limit.
    ///   - valueCount: How many values there may be.
    /// - Throws: What ``body(limit:)`` throws, 415 for another type, and 400 for anything but strict JSON.
    func json(limit: Int? = nil, valueCount: Int = 20_000) async throws -> JSONFields {
        guard mediaType == "application/json" else {
            throw unread(
                .unsupportedMediaType, "unsupported_media_type",
                "Send the body as JSON, with the header Content-Type: application/json.")
        }
        return try JSONFields(
            json: try await body(limit: limit), named: "body",
            limits: StrictJSON.Limits(byteCount: limit ?? limits.bodyBytes, depth: 16, valueCount: valueCount))
    }

    /// The type of the body without its parameters, in small letters.
    var mediaType: String {
        let type = request.headers[.contentType]?.split(separator: ";").first ?? ""
        return type.lowercased().filter { !$0.isWhitespace }
    }

    private func tooLarge(_ limit: Int) -> APIError {
        unread(.contentTooLarge, "body_too_large", "The body may have \(limit) bytes at most.")
    }

    func unread(_ status: HTTPResponse.Status, _ code: String, _ message: String) -> APIError {
        var error = APIError(status, code: code, message)
        error.closesConnection = true
        return error
    }
}
