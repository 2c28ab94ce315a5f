import Foundation
import GRDB

extension LocalStore {
    public func record(_ entry: NewHistoryEntry) async throws -> HistoryEntry? {
        let settings = settings
        guard settings.keepsHistory else { return nil }
        try settings.check(entry.text, field: "the text")
        try settings.check(entry.parameters, field: "the parameters")
        try settings.check(entry.timings, field: "the timings")
        let (id, now) = (entry.id, clock())
        let words = entry.text.utf8.count + entry.parameters.text.utf8.count + entry.timings.text.utf8.count
        let limit = min(settings.speechBytes, settings.historyBytes - words)
        return try await keeping([entry.audio], limit: limit) { db, kept in
            let name = try entry.voice.map { try Self.voice($0, db).name } ?? entry.builtInVoice
            try db.execute(
                sql: """
                    INSERT INTO history (id, createdAt, text, model, voice, voiceName, seed, parameters, timings,
                        audio, byteCount, owner)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM keys WHERE id = ?))
                    """,
                arguments: [
                    id.sql, now.timeIntervalSince1970, entry.text, entry.model, entry.voice?.sql, name,
                    Int64(bitPattern: entry.seed), entry.parameters.text, entry.timings.text, kept[0].id.sql,
                    words + kept[0].byteCount, entry.owner?.sql,
                ])
            try Self.trimHistory(db, settings, now: now)
            return try Self.history(db, "WHERE history.id = ?", [id.sql]).first
        }
    }

    public func historyEntry(_ id: RecordID) async throws -> HistoryEntry {
        let entry = try await read { db in try Self.history(db, "WHERE history.id = ?", [id.sql]).first }
        guard let entry else { throw StoreError.notFound(.history, id: id.description) }
        return entry
    }

    public func history(owner: RecordID?, before: Int64?, limit: Int) async throws -> [HistoryEntry] {
        try await read { db in
            try Self.history(
                db,
                """
                WHERE history.number < ? AND (? IS NULL OR history.owner = ?) ORDER BY history.number DESC LIMIT ?
                """,
                [before ?? .max, owner?.sql, owner?.sql, max(limit, 0)])
        }
    }

    public func deleteHistoryEntry(_ id: RecordID) async throws {
        try await write { db in
            try db.execute(sql: "DELETE FROM history WHERE id = ?", arguments: [id.sql])
            guard db.changesCount == 1 else { throw StoreError.notFound(.history, id: id.description) }
        }
        try await eraseDeleted()
    }

    public func clearHistory(owner: RecordID?) async throws {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM history WHERE ? IS NULL OR owner = ?", arguments: [owner?.sql, owner?.sql])
        }
        try await eraseDeleted()
    }

    /// Deletes what is older than the settings permit, and then the oldest entries until the rest fits.
    ///
    /// Every speech that is kept comes by here: where all fits, an index tells so, and the entries are not looked at.
    static func trimHistory(_ db: Database, _ settings: StoreSettings, now: Date) throws {
        try db.execute(
            sql: "DELETE FROM history WHERE createdAt < ?",
            arguments: [now.timeIntervalSince1970 - settings.historySeconds])
        let total = try Row.fetchOne(
            db, sql: "SELECT count(*) AS entries, coalesce(sum(byteCount), 0) AS bytes FROM history")
        guard let total else { return }
        var (entries, bytes): (Int, Int) = (total["entries"], total["bytes"])
        var last: Int64?
        let oldest = try Row.fetchCursor(db, sql: "SELECT number, byteCount FROM history ORDER BY number")
        while entries > settings.historyEntries || bytes > settings.historyBytes, let entry = try oldest.next() {
            let size: Int = entry["byteCount"]
            last = entry["number"]
            entries -= 1
            bytes -= size
        }
        if let last { try db.execute(sql: "DELETE FROM history WHERE number <= ?", arguments: [last]) }
    }

    private static func history(
        _ db: Database, _ rest: String, _ arguments: StatementArguments
    ) throws -> [HistoryEntry] {
        let rows = try Row.fetchAll(
            db,
            sql: "SELECT history.*, \(Row.audioColumns()) FROM history JOIN audio ON audio.id = history.audio \(rest)",
            arguments: arguments)
        return try rows.compactMap { row in
            guard let audio = row.audio() else { return nil }
            let seed: Int64 = row["seed"]
            return HistoryEntry(
                id: try row.id(), number: row["number"], created: row.date("createdAt"), text: row["text"],
                model: row["model"], voice: row.optionalID("voice"), voiceName: row["voiceName"],
                seed: UInt64(bitPattern: seed),
                parameters: JSONText(unchecked: row["parameters"]), timings: JSONText(unchecked: row["timings"]),
                audio: audio, owner: row.optionalID("owner"))
        }
    }
}
