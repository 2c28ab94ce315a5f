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

    /// Reads the whole body.
    ///
    /// - Throws: 413 where it is too long, before and while reading; 408 where it takes too long; 415 where it is packed.
    ///
    /// - Parameter limit: Bytes; nil for the usual limit.
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
    /// - Throws: What ``body()`` throws, 415 for another type, and 400 for anything but strict JSON.
    ///
    /// - Parameters:
    ///   - limit: Bytes; nil for the usual limit.
    ///   - valueCount: How many values there may be.
    func json(limit: Int? = nil, valueCount: Int = 20_000) async throws -> JSONFields {
        guard mediaType == "application/json" else {
            throw unread(
                .unsupportedMediaType, "unsupported_media_type",
                "Send the body as JSON, with the header Content-Type: application/json.")
        }
        let bytes = try await body(limit: limit)
        let value: JSONValue
        do throws(StrictJSONError) {
            value = try StrictJSON.parse(
                bytes,
                limits: StrictJSON.Limits(byteCount: limit ?? limits.bodyBytes, depth: 16, valueCount: valueCount))
        } catch {
            throw APIError(.badRequest, code: "invalid_json", "The body is not valid JSON: \(error).")
        }
        guard let object = value.asObject else {
            throw APIError(.badRequest, code: "invalid_json", "The body must be a JSON object, not \(value.kind).")
        }
        return JSONFields(object: object)
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
