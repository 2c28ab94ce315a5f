import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension HTTPField.Name {
    static let requestID = Self("X-Request-Id") ?? .accept
    static let sampleRate = Self("X-Audio-Sample-Rate") ?? .accept
    static let seed = Self("X-Mynah-Seed") ?? .accept
    static let warning = Self("X-Mynah-Warning") ?? .accept
    static let historyID = Self("X-Mynah-History-Id") ?? .accept
    static let idempotencyKey = Self("Idempotency-Key") ?? .accept
    static let lastEventID = Self("Last-Event-ID") ?? .accept
    static let generated = Self("X-AI-Generated") ?? .accept
    static let apiKey = Self("X-API-Key") ?? .accept
    static let frameOptions = Self("X-Frame-Options") ?? .accept
    static let referrerPolicy = Self("Referrer-Policy") ?? .accept
    static let resourcePolicy = Self("Cross-Origin-Resource-Policy") ?? .accept
}

/// Makes the answers that are not sound.
enum Answers {
    /// A value as JSON.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        let bytes = jsonBytes(value)
        return Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    static func jsonBytes(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Our own values of strings, whole numbers and finite floats always encode.
        return [UInt8]((try? encoder.encode(value)) ?? Data("{}".utf8))
    }

    /// A point in time as RFC 3339 has it.
    static func time(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// That something is gone.
    static func deleted(_ id: String? = nil) -> Response { json(Gone(id: id)) }

    private struct Gone: Encodable {
        let id: String?
        let deleted = true
    }

    /// A file of bytes that are all there.
    static func bytes(_ bytes: [UInt8], type: String, name: String? = nil) -> Response {
        var headers: HTTPFields = [.contentType: type, .cacheControl: "no-store"]
        if let name { headers[.contentDisposition] = "attachment; filename=\"\(name)\"" }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    static func text(_ text: String, type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// An error in OpenAI's shape, which all routes share.
    static func error(_ error: APIError) -> Response {
        var response = json(ErrorBody(error: .init(error)), status: error.status)
        if let seconds = error.retryAfterSeconds { response.headers[.retryAfter] = "\(seconds)" }
        if !error.allowed.isEmpty {
            response.headers[.allow] = error.allowed.map(\.rawValue).joined(separator: ", ")
        }
        if error.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        if error.closesConnection { response.headers[.connection] = "close" }
        return response
    }
}

/// `{"error": {...}}`; absent values are written as null, as OpenAI does.
struct ErrorBody: Encodable {
    struct Content: Encodable {
        let message: String
        let type: String
        let param: String?
        let code: String

        init(_ error: APIError) {
            message = error.message
            type = error.kind.rawValue
            param = error.parameter
            code = error.code
        }

        private enum Keys: String, CodingKey { case message, type, param, code }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(message, forKey: .message)
            try container.encode(type, forKey: .type)
            try container.encode(param, forKey: .param)
            try container.encode(code, forKey: .code)
        }
    }

    let error: Content
}
