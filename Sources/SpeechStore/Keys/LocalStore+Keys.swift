import Foundation
import GRDB

extension LocalStore {
    public func addKey(
        name: String, limits: KeyLimits, isAdmin: Bool
    ) async throws -> (key: APIKey, secret: String) {
        let name = try StoreSettings.name(name, field: "the key's name")
        try Self.check(limits)
        let secret = KeySecret(id: RecordID())
        let (id, hash, now, most) = (secret.id, secret.hash, clock(), settings.keys)
        let key = try await write { db in
            guard try Int.fetchOne(db, sql: "SELECT count(*) FROM keys") ?? 0 < most else {
                throw StoreError.capReached(.key, limit: most)
            }
            try db.execute(
                sql: """
                    INSERT INTO keys (id, name, hash, concurrentRequests, requestsPerMinute, charactersPerMinute,
                        isAdmin, createdAt)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id.sql, name, hash, limits.concurrentRequests, limits.requestsPerMinute, limits.charactersPerMinute,
                    isAdmin, now.timeIntervalSince1970,
                ])
            return try Self.key(id, db)
        }
        return (key, secret.text)
    }

    public func keys() async throws -> [APIKey] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM keys ORDER BY number").map(Self.key)
        }
    }

    public func key(for secret: String) async throws -> APIKey? {
        guard let shown = KeySecret(secret) else { return nil }
        let id = shown.id
        let found = try await read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM keys WHERE id = ?", arguments: [id.sql]).map { row in
                (key: try Self.key(row), hash: row["hash"] as Data)
            }
        }
        // An unknown key takes the time of a comparison too.
        let isRight = shown.matches(found?.hash ?? Data(count: 32))
        guard isRight, let key = found?.key, key.revoked == nil else { return nil }
        await noteUse(of: key)
        return key
    }

    public func key(_ id: RecordID) async throws -> APIKey {
        try await read { db in try Self.key(id, db) }
    }

    public func setLimits(_ limits: KeyLimits, of id: RecordID) async throws -> APIKey {
        try Self.check(limits)
        return try await write { db in
            try db.execute(
                sql: """
                    UPDATE keys SET concurrentRequests = ?, requestsPerMinute = ?, charactersPerMinute = ? WHERE id = ?
                    """,
                arguments: [limits.concurrentRequests, limits.requestsPerMinute, limits.charactersPerMinute, id.sql])
            return try Self.key(id, db)
        }
    }

    public func revokeKey(_ id: RecordID) async throws {
        let now = clock().timeIntervalSince1970
        try await write { db in
            _ = try Self.key(id, db)
            try db.execute(
                sql: "UPDATE keys SET revokedAt = ? WHERE id = ? AND revokedAt IS NULL", arguments: [now, id.sql])
        }
    }

    public func deleteKey(_ id: RecordID) async throws {
        try await write { db in
            try db.execute(sql: "DELETE FROM keys WHERE id = ?", arguments: [id.sql])
            guard db.changesCount == 1 else { throw StoreError.notFound(.key, id: id.description) }
        }
    }

    /// Writes once a minute at most. A full disk must not lock clients out, so that a failure is passed over.
    private func noteUse(of key: APIKey) async {
        let (now, id) = (clock(), key.id)
        if let last = key.lastUsed, abs(now.timeIntervalSince(last)) < 60 { return }
        try? await write { db in
            try db.execute(
                sql: "UPDATE keys SET lastUsedAt = ? WHERE id = ?", arguments: [now.timeIntervalSince1970, id.sql])
        }
    }

    static func key(_ id: RecordID, _ db: Database) throws -> APIKey {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM keys WHERE id = ?", arguments: [id.sql]) else {
            throw StoreError.notFound(.key, id: id.description)
        }
        return try key(row)
    }

    private static func key(_ row: Row) throws -> APIKey {
        APIKey(
            id: try row.id(), name: row["name"],
            limits: KeyLimits(
                concurrentRequests: row["concurrentRequests"], requestsPerMinute: row["requestsPerMinute"],
                charactersPerMinute: row["charactersPerMinute"]),
            isAdmin: row["isAdmin"], created: row.date("createdAt"), revoked: row.optionalDate("revokedAt"),
            lastUsed: row.optionalDate("lastUsedAt"))
    }

    private static func check(_ limits: KeyLimits) throws {
        for limit in [limits.concurrentRequests, limits.requestsPerMinute, limits.charactersPerMinute] {
            guard limit ?? 1 > 0 else { throw StoreError.invalid(field: "a key's limit", reason: "is not positive") }
        }
    }
}
