import HTTPTypes
import Hummingbird

/// Checks keys, and dresses answers with the headers that keep browsers from mischief.
struct Guard: Sendable {
    let keys: KeyRing?

    /// The owner of a request; nil where nobody needs a key.
    ///
    /// - Parameter form: A key that came in a form instead of a header.
    /// - Throws: 401.
    func owner(of head: HTTPRequest, form: String? = nil) throws(APIError) -> String? {
        guard let keys else { return nil }
        let bearer = head.headerFields[.authorization].flatMap { value -> String? in
            let halves = value.split(separator: " ", maxSplits: 1)
            return halves.count == 2 && halves[0].lowercased() == "bearer" ? String(halves[1]) : nil
        }
        guard let key = bearer ?? head.headerFields[.apiKey] ?? form else {
            throw APIError(
                .unauthorized, .authentication, code: "missing_api_key",
                "This server asks for a key: send the header Authorization: Bearer KEY.")
        }
        guard let owner = keys.owner(of: key) else {
            throw APIError(
                .unauthorized, .authentication, code: "invalid_api_key", "The key is not one of this server's.")
        }
        return owner
    }

    /// Adds the headers that every answer has.
    static func dress(_ headers: inout HTTPFields, id: String, origin: String?) {
        headers[.requestID] = id
        headers[.xContentTypeOptions] = "nosniff"
        headers[.frameOptions] = "DENY"
        headers[.referrerPolicy] = "no-referrer"
        headers[.resourcePolicy] = origin == nil ? "same-origin" : "cross-origin"
        headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self' blob:; script-src 'self'; "
            + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        if let origin {
            headers[.accessControlAllowOrigin] = origin
            headers[.accessControlExposeHeaders] = "X-Request-Id, X-Audio-Sample-Rate, X-Mynah-Seed, Retry-After"
            headers[.vary] = "Origin"
        }
    }

    /// Answers a browser that asks on behalf of a page whether it may.
    static let preflight = Response(
        status: .noContent,
        headers: [
            .accessControlAllowMethods: "GET, POST, DELETE",
            .accessControlAllowHeaders: "Authorization, Content-Type, X-API-Key, X-Request-Id",
            .accessControlMaxAge: "600",
        ])
}
