import HTTPTypes
import Hummingbird
import SpeechStore

/// Checks keys, and dresses answers with the headers that keep browsers from mischief.
struct Guard: Sendable {
    /// Keys that were given at the start; nil where nobody needs a key.
    let keys: GivenKeys?
    /// Where the other keys are; nil where there are none.
    let store: (any KeyStoring)?

    /// Who sends a request.
    ///
    /// Where nobody needs a key, one that is ours still says whose request it is, and strange ones are passed over:
    /// clients send some out of habit.
    ///
    /// - Parameters:
    ///   - address: Where it comes from.
    ///   - form: A key that came in a form instead of a header.
    /// - Throws: 401.
    func caller(
        of head: HTTPRequest, address: String, form: String? = nil
    ) async throws(APIError) -> Caller {
        let bearer = head.headerFields[.authorization].flatMap { value -> String? in
            let halves = value.split(separator: " ", maxSplits: 1)
            return halves.count == 2 && halves[0].lowercased() == "bearer" ? String(halves[1]) : nil
        }
        let shown = bearer ?? head.headerFields[.apiKey] ?? form
        guard let keys else {
            var caller = Caller(name: address, key: nil, isAdmin: true)
            if let shown, let key = try await stored(shown) {
                caller = Caller(name: "key-\(key.id)", key: key.id, isAdmin: true, limits: key.limits)
            }
            return caller
        }
        guard let shown else {
            throw APIError(
                .unauthorized, .authentication, code: "missing_api_key",
                "This server asks for a key: send the header Authorization: Bearer KEY.")
        }
        if let position = keys.position(of: shown) {
            return Caller(name: "given-key-\(position + 1)", key: nil, isAdmin: true)
        }
        guard let key = try await stored(shown) else {
            throw APIError(
                .unauthorized, .authentication, code: "invalid_api_key", "The key is not one of this server's.")
        }
        return Caller(name: "key-\(key.id)", key: key.id, isAdmin: key.isAdmin, limits: key.limits)
    }

    /// A caller whose connection lasts, as the store knows its key now.
    ///
    /// - Throws: 401 where the key was revoked or deleted meanwhile.
    func renewed(_ caller: Caller) async throws(APIError) -> Caller {
        guard keys != nil, let id = caller.key, let store else { return caller }
        let gone = APIError(
            .unauthorized, .authentication, code: "invalid_api_key", "The key is not one of this server's any more.")
        do {
            let key = try await store.key(id)
            guard key.revoked == nil else { throw gone }
            return Caller(name: caller.name, key: key.id, isAdmin: key.isAdmin, limits: key.limits)
        } catch let error as APIError {
            throw error
        } catch StoreError.notFound {
            throw gone
        } catch {
            throw .internalFault
        }
    }

    private func stored(_ shown: String) async throws(APIError) -> APIKey? {
        do {
            return try await store?.key(for: shown)
        } catch let error as StoreError {
            throw APIError(error)
        } catch {
            throw .internalFault
        }
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
            headers[.accessControlExposeHeaders] =
                "X-Request-Id, X-Audio-Sample-Rate, X-Mynah-Seed, X-Mynah-History-Id, Retry-After"
            headers[.vary] = "Origin"
        }
    }

    /// Answers a browser that asks on behalf of a page whether it may.
    static let preflight = Response(
        status: .noContent,
        headers: [
            .accessControlAllowMethods: "GET, POST, PATCH, DELETE",
            .accessControlAllowHeaders:
                "Authorization, Content-Type, X-API-Key, X-Request-Id, Idempotency-Key, Last-Event-ID",
            .accessControlMaxAge: "600",
        ])
}
