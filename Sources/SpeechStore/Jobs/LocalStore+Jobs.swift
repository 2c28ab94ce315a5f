import Foundation
import GRDB

extension LocalStore {
    public func addJob(_ job: NewJob) async throws -> Job {
        let settings = settings
        let title = try StoreSettings.name(job.title, field: "the job's title")
        try settings.check(job.parameters, field: "the parameters")
        guard !job.parts.isEmpty else { throw StoreError.invalid(field: "the job", reason: "has no parts") }
        guard job.parts.count <= settings.jobParts else {
            throw StoreError.capReached(.part, limit: settings.jobParts)
        }
        try settings.check(job.parts.joined(separator: "\n"), field: "the text")
        if let key = job.idempotencyKey {
            guard (1...200).contains(key.utf8.count) else {
                throw StoreError.invalid(field: "the idempotency key", reason: "does not have 1 to 200 bytes")
            }
        }
        let now = clock()
        return try await write { db in
            if let earlier = try Self.earlierJob(job, db) { return earlier }
            try Self.trimJobs(db, settings, now: now)
            let open = try Int.fetchOne(db, sql: "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')")
            guard open ?? 0 < settings.openJobs else { throw StoreError.capReached(.job, limit: settings.openJobs) }
            return try Self.insert(job, title: title, at: now.timeIntervalSince1970, db)
        }
    }

    public func job(_ id: RecordID) async throws -> Job {
        try await read { db in try Self.job(id, db) }
    }

    public func jobs(owner: RecordID?, before: Int64?, limit: Int) async throws -> [Job] {
        try await read { db in
            try Self.jobs(
                db, "WHERE number < ? AND (? IS NULL OR owner = ?) ORDER BY number DESC LIMIT ?",
                [before ?? .max, owner?.sql, owner?.sql, max(limit, 0)])
        }
    }

    public func parts(of job: RecordID) async throws -> [JobPart] {
        try await read { db in
            _ = try Self.job(job, db)
            return try Self.parts(db, "WHERE job = ? ORDER BY position", [job.sql])
        }
    }

    public func part(_ position: Int, of job: RecordID) async throws -> JobPart? {
        try await read { db in
            _ = try Self.job(job, db)
            return try Self.parts(db, "WHERE job = ? AND position = ?", [job.sql, position]).first
        }
    }

    public func cancelJob(_ id: RecordID) async throws {
        let now = clock().timeIntervalSince1970
        try await write { db in
            let job = try Self.job(id, db)
            guard job.state.isOpen else {
                throw StoreError.wrongState(.job, id: id.description, state: job.state.rawValue)
            }
            try Self.end(id, as: .cancelled, because: nil, at: now, db)
        }
    }

    public func deleteJob(_ id: RecordID) async throws {
        try await write { db in
            try db.execute(sql: "DELETE FROM jobs WHERE id = ?", arguments: [id.sql])
            guard db.changesCount == 1 else { throw StoreError.notFound(.job, id: id.description) }
        }
        try await eraseDeleted()
    }
}

// MARK: Rows

extension LocalStore {
    static func job(_ id: RecordID, _ db: Database) throws -> Job {
        guard let job = try jobs(db, "WHERE id = ?", [id.sql]).first else {
            throw StoreError.notFound(.job, id: id.description)
        }
        return job
    }

    /// Ends a job that is open, with the parts that it has.
    static func end(
        _ id: RecordID, as state: Job.State, because failure: String?, at now: Double, _ db: Database
    ) throws {
        try db.execute(
            sql: "UPDATE jobs SET state = ?, failure = ?, changedAt = ? WHERE id = ?",
            arguments: [state.rawValue, failure, now, id.sql])
        try db.execute(
            sql: "UPDATE parts SET state = 'cancelled' WHERE job = ? AND state IN ('queued', 'running')",
            arguments: [id.sql])
    }

    /// Deletes jobs that ended longer ago than the settings permit.
    static func trimJobs(_ db: Database, _ settings: StoreSettings, now: Date) throws {
        try db.execute(
            sql: "DELETE FROM jobs WHERE state NOT IN ('queued', 'running') AND changedAt < ?",
            arguments: [now.timeIntervalSince1970 - settings.endedJobSeconds])
    }

    private static func earlierJob(_ job: NewJob, _ db: Database) throws -> Job? {
        guard let key = job.idempotencyKey else { return nil }
        return try jobs(
            db, "WHERE idempotencyKey = ? AND coalesce(owner, '') = coalesce(?, '')", [key, job.owner?.sql]
        ).first
    }

    private static func insert(_ job: NewJob, title: String, at now: Double, _ db: Database) throws -> Job {
        let id = RecordID()
        let voiceName = try job.voice.map { try voice($0, db).name } ?? job.builtInVoice
        if let owner = job.owner { _ = try key(owner, db) }
        try db.execute(
            sql: """
                INSERT INTO jobs (id, kind, title, state, model, voice, voiceName, parameters, owner, idempotencyKey,
                    createdAt, changedAt)
                VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id.sql, job.kind.rawValue, title, job.model, job.voice?.sql, voiceName, job.parameters.text,
                job.owner?.sql,
                job.idempotencyKey, now, now,
            ])
        let statement = try db.makeStatement(
            sql: "INSERT INTO parts (job, position, text, state, tries) VALUES (?, ?, ?, 'queued', 0)")
        for (position, text) in job.parts.enumerated() { try statement.execute(arguments: [id.sql, position, text]) }
        return try Self.job(id, db)
    }

    static func jobs(_ db: Database, _ rest: String, _ arguments: StatementArguments) throws -> [Job] {
        let count = "(SELECT count(*) FROM parts WHERE parts.job = jobs.id"
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT jobs.*, \(count)) AS partCount, \(count) AND state = 'finished') AS finishedParts,
                    \(count) AND state = 'failed') AS failedParts
                FROM jobs \(rest)
                """,
            arguments: arguments)
        return try rows.compactMap { row in
            guard let kind = Job.Kind(rawValue: row["kind"]), let state = Job.State(rawValue: row["state"]) else {
                return nil
            }
            return Job(
                id: try row.id(), number: row["number"], kind: kind, title: row["title"], state: state,
                model: row["model"], voice: row.optionalID("voice"), voiceName: row["voiceName"],
                parameters: JSONText(unchecked: row["parameters"]), owner: row.optionalID("owner"),
                failure: row["failure"],
                created: row.date("createdAt"), changed: row.date("changedAt"), partCount: row["partCount"],
                finishedParts: row["finishedParts"], failedParts: row["failedParts"])
        }
    }

    static func parts(_ db: Database, _ rest: String, _ arguments: StatementArguments) throws -> [JobPart] {
        let rows = try Row.fetchAll(
            db,
            sql: "SELECT parts.*, \(Row.audioColumns()) FROM parts LEFT JOIN audio ON audio.id = parts.audio \(rest)",
            arguments: arguments)
        return rows.compactMap { row in
            guard let state = Job.State(rawValue: row["state"]) else { return nil }
            let (seed, timings): (Int64?, String?) = (row["seed"], row["timings"])
            return JobPart(
                position: row["position"], text: row["text"], state: state, tries: row["tries"],
                seed: seed.map { UInt64(bitPattern: $0) }, timings: timings.map { JSONText(unchecked: $0) },
                audio: row.audio(), failure: row["failure"])
        }
    }
}
