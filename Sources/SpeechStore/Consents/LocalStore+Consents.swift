import Foundation
import GRDB

extension LocalStore {
    public func addConsent(name: String, language: String, recording: NewAudio) async throws -> Consent {
        let name = try StoreSettings.name(name, field: "the consent's name")
        guard (2...35).contains(language.utf8.count),
            language.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else { throw StoreError.invalid(field: "the language", reason: "is no language tag such as en-US") }
        let (id, now, most) = (RecordID(), clock(), settings.voices)
        return try await keeping([recording], limit: settings.voiceAudioBytes) { db, kept in
            guard try Int.fetchOne(db, sql: "SELECT count(*) FROM consents") ?? 0 < most else {
                throw StoreError.capReached(.consent, limit: most)
            }
            try db.execute(
                sql: "INSERT INTO consents (id, name, language, createdAt, recording) VALUES (?, ?, ?, ?, ?)",
                arguments: [id.sql, name, language, now.timeIntervalSince1970, kept[0].id.sql])
            return try Self.consent(id, db)
        }
    }

    public func consent(_ id: RecordID) async throws -> Consent {
        try await read { db in try Self.consent(id, db) }
    }

    public func consents() async throws -> [Consent] {
        try await read { db in try Self.consents(db, "ORDER BY consents.number", []) }
    }

    public func deleteConsent(_ id: RecordID) async throws {
        try await write { db in
            _ = try Self.consent(id, db)
            let uses = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM voices WHERE consentRecording = ?", arguments: [id.sql])
            guard uses == 0 else {
                throw StoreError.wrongState(.consent, id: id.description, state: "what a voice rests on")
            }
            try db.execute(sql: "DELETE FROM consents WHERE id = ?", arguments: [id.sql])
        }
        try await eraseDeleted()
    }

    private static func consent(_ id: RecordID, _ db: Database) throws -> Consent {
        guard let consent = try consents(db, "WHERE consents.id = ?", [id.sql]).first else {
            throw StoreError.notFound(.consent, id: id.description)
        }
        return consent
    }

    private static func consents(
        _ db: Database, _ rest: String, _ arguments: StatementArguments
    ) throws -> [Consent] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT consents.*, \(Row.audioColumns()) FROM consents JOIN audio ON audio.id = consents.recording
                \(rest)
                """,
            arguments: arguments)
        return try rows.compactMap { row in
            guard let recording = row.audio() else { return nil }
            return Consent(
                id: try row.id(), name: row["name"], language: row["language"], created: row.date("createdAt"),
                recording: recording)
        }
    }
}
