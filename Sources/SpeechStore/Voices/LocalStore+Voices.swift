public import Foundation
import GRDB

extension LocalStore {
    public func addVoice(_ voice: NewVoice) async throws -> Voice {
        let settings = settings
        let name = try StoreSettings.name(voice.name, field: "the voice's name")
        try settings.check(voice.transcript, field: "the transcript")
        try settings.check(voice.consent, field: "the consent")
        guard !voice.transcript.allSatisfy(\.isWhitespace) else {
            throw StoreError.invalid(field: "the transcript", reason: "is empty")
        }
        guard !voice.consent.allSatisfy(\.isWhitespace) else { throw StoreError.consentMissing }
        let (id, now) = (RecordID(), clock())
        let audio = [voice.reference] + (voice.preview.map { [$0] } ?? [])
        return try await keeping(audio, limit: settings.voiceAudioBytes) { db, kept in
            try Self.expectFree(name, db)
            guard try Int.fetchOne(db, sql: "SELECT count(*) FROM voices") ?? 0 < settings.voices else {
                throw StoreError.capReached(.voice, limit: settings.voices)
            }
            try db.execute(
                sql: """
                    INSERT INTO voices (id, name, transcript, consent, createdAt, reference, preview, owner,
                        consentRecording)
                    VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT id FROM keys WHERE id = ?), ?)
                    """,
                arguments: [
                    id.sql, name, voice.transcript, voice.consent, now.timeIntervalSince1970, kept[0].id.sql,
                    kept.dropFirst().first?.id.sql, voice.owner?.sql, voice.consentRecording?.sql,
                ])
            return try Self.voice(id, db)
        }
    }

    public func voice(_ id: RecordID) async throws -> Voice {
        try await read { db in try Self.voice(id, db) }
    }

    public func voice(named name: String) async throws -> Voice? {
        try await read { db in
            guard let id = try RecordID.first(db, sql: "SELECT id FROM voices WHERE name = ?", arguments: [name])
            else { return nil }
            return try Self.voice(id, db)
        }
    }

    public func voices() async throws -> [Voice] {
        try await read { db in try Self.voices(db, "ORDER BY voices.number", []) }
    }

    public func renameVoice(_ id: RecordID, to name: String) async throws -> Voice {
        let name = try StoreSettings.name(name, field: "the voice's name")
        return try await write { db in
            try Self.expectFree(name, db, except: id)
            try db.execute(sql: "UPDATE voices SET name = ? WHERE id = ?", arguments: [name, id.sql])
            try db.execute(sql: "UPDATE history SET voiceName = ? WHERE voice = ?", arguments: [name, id.sql])
            try db.execute(sql: "UPDATE jobs SET voiceName = ? WHERE voice = ?", arguments: [name, id.sql])
            return try Self.voice(id, db)
        }
    }

    public func setPreview(_ audio: NewAudio, of id: RecordID) async throws -> Voice {
        try await keeping([audio], limit: settings.voiceAudioBytes) { db, kept in
            try db.execute(sql: "UPDATE voices SET preview = ? WHERE id = ?", arguments: [kept[0].id.sql, id.sql])
            return try Self.voice(id, db)
        }
    }

    public func latents(of id: RecordID, modelDigest: String) async throws -> Data? {
        try await read { db in
            try Data.fetchOne(
                db, sql: "SELECT content FROM latents WHERE voice = ? AND modelDigest = ?",
                arguments: [id.sql, modelDigest])
        }
    }

    public func setLatents(_ content: Data, of id: RecordID, modelDigest: String) async throws {
        try Self.check(content, modelDigest, settings)
        try await write { db in
            _ = try Self.voice(id, db)
            try Self.insertLatents(content, of: id, modelDigest, db)
        }
    }

    public func deleteVoice(_ id: RecordID, spoken: SpokenAudio) async throws {
        let now = clock().timeIntervalSince1970
        try await write { db in
            _ = try Self.voice(id, db)
            switch spoken {
            case .deleted:
                try db.execute(sql: "DELETE FROM history WHERE voice = ?", arguments: [id.sql])
                try db.execute(sql: "DELETE FROM jobs WHERE voice = ?", arguments: [id.sql])
            case .keptWithoutVoice:
                try db.execute(
                    sql: "UPDATE history SET voice = NULL, voiceName = NULL WHERE voice = ?", arguments: [id.sql])
                // A job cannot go on without its voice.
                let open = try RecordID.all(
                    db, sql: "SELECT id FROM jobs WHERE voice = ? AND state IN ('queued', 'running')",
                    arguments: [id.sql])
                for job in open { try Self.end(job, as: .failed, because: "its voice was deleted", at: now, db) }
                try db.execute(
                    sql: "UPDATE jobs SET voice = NULL, voiceName = NULL WHERE voice = ?", arguments: [id.sql])
            }
            try db.execute(sql: "DELETE FROM voices WHERE id = ?", arguments: [id.sql])
        }
        try await eraseDeleted()
    }
}

// MARK: Rows

extension LocalStore {
    static func voice(_ id: RecordID, _ db: Database) throws -> Voice {
        guard let voice = try voices(db, "WHERE voices.id = ?", [id.sql]).first else {
            throw StoreError.notFound(.voice, id: id.description)
        }
        return voice
    }

    private static func voices(_ db: Database, _ rest: String, _ arguments: StatementArguments) throws -> [Voice] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT voices.*, \(Row.audioColumns("reference")), \(Row.audioColumns("sample"))
                FROM voices
                JOIN audio AS reference ON reference.id = voices.reference
                LEFT JOIN audio AS sample ON sample.id = voices.preview
                \(rest)
                """,
            arguments: arguments)
        return try rows.compactMap { row in
            guard let reference = row.audio("reference") else { return nil }
            return Voice(
                id: try row.id(), name: row["name"], transcript: row["transcript"], consent: row["consent"],
                created: row.date("createdAt"), reference: reference, preview: row.audio("sample"),
                owner: row.optionalID("owner"))
        }
    }

    private static func expectFree(_ name: String, _ db: Database, except id: RecordID? = nil) throws {
        let owner = try RecordID.first(db, sql: "SELECT id FROM voices WHERE name = ?", arguments: [name])
        guard owner == nil || owner == id else { throw StoreError.nameTaken(name) }
    }

    private static func insertLatents(_ content: Data, of id: RecordID, _ digest: String, _ db: Database) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO latents (voice, modelDigest, content) VALUES (?, ?, ?)",
            arguments: [id.sql, digest, content])
    }

    private static func check(_ content: Data, _ digest: String, _ settings: StoreSettings) throws {
        guard (1...128).contains(digest.utf8.count), digest.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            throw StoreError.invalid(field: "the model's digest", reason: "is not hexadecimal")
        }
        guard content.count <= settings.latentsBytes else {
            throw StoreError.tooLarge(field: "the latents", count: content.count, limit: settings.latentsBytes)
        }
    }
}
