import Hummingbird
import SpeechStore

/// Keys of clients, for administrators.
struct KeyRoutes: Sendable {
    var routes: [Route] {
        [
            Route(.get, "/api/v1/keys", access: .admin) { exchange in
                Answers.json(["keys": try await exchange.store.keys().map { KeyReport($0) }])
            },
            Route(.post, "/api/v1/keys", access: .admin, add),
            Route(.patch, "/api/v1/keys/{key}", access: .admin, change),
            Route(.delete, "/api/v1/keys/{key}", access: .admin) { exchange in
                let id = try exchange.recordID("key", .key)
                try await exchange.store.revokeKey(id)
                return Answers.deleted(id.description)
            },
        ]
    }

    private static let limitNames: Set<String> = [
        "concurrent_requests", "requests_per_minute", "characters_per_minute",
    ]

    private func add(_ exchange: Exchange) async throws -> Response {
        let fields = try await exchange.json()
        try fields.refuseOthers(than: Self.limitNames.union(["name", "is_admin"]))
        let (key, secret) = try await exchange.store.addKey(
            name: try fields.text("name", limit: 200), limits: try Self.limits(fields),
            isAdmin: try fields.flag("is_admin") ?? false)
        var report = KeyReport(key)
        report.secret = secret
        return Answers.json(report, status: .created)
    }

    private func change(_ exchange: Exchange) async throws -> Response {
        let fields = try await exchange.json()
        try fields.refuseOthers(than: Self.limitNames)
        let id = try exchange.recordID("key", .key)
        return Answers.json(
            KeyReport(
                try await exchange.store.setLimits(
                    try Self.limits(fields, before: try await exchange.store.key(id).limits), of: id)))
    }

    /// Limits that are not named stay; null takes one away.
    private static func limits(_ fields: JSONFields, before: KeyLimits = KeyLimits()) throws(APIError) -> KeyLimits {
        func limit(_ name: String, _ most: Int, _ old: Int?) throws(APIError) -> Int? {
            fields.names.contains(name) ? try fields.integer(name, in: 1...most) : old
        }
        return KeyLimits(
            concurrentRequests: try limit("concurrent_requests", 1_000_000, before.concurrentRequests),
            requestsPerMinute: try limit("requests_per_minute", 1_000_000, before.requestsPerMinute),
            charactersPerMinute: try limit("characters_per_minute", 1_000_000_000, before.charactersPerMinute))
    }
}

private struct KeyReport: Encodable {
    let id: String
    let name: String
    let is_admin: Bool
    let created: String
    let revoked: String?
    let last_used: String?
    let concurrent_requests: Int?
    let requests_per_minute: Int?
    let characters_per_minute: Int?
    var secret: String?

    init(_ key: APIKey) {
        id = key.id.description
        name = key.name
        is_admin = key.isAdmin
        created = Answers.time(key.created)
        revoked = key.revoked.map(Answers.time)
        last_used = key.lastUsed.map(Answers.time)
        concurrent_requests = key.limits.concurrentRequests
        requests_per_minute = key.limits.requestsPerMinute
        characters_per_minute = key.limits.charactersPerMinute
    }
}
