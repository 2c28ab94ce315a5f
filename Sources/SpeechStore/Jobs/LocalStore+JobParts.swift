import Foundation
import GRDB

/// How a job is worked off. Every step is one transaction, so that a process may die between any two of them.
extension LocalStore {
    public func startNextJob() async throws -> Job? {
        let now = clock().timeIntervalSince1970
        return try await write { db in
            guard
                let id = try RecordID.first(
                    db, sql: "SELECT id FROM jobs WHERE state = 'queued' ORDER BY number LIMIT 1")
            else { return nil }
            try db.execute(
                sql: "UPDATE jobs SET state = 'running', changedAt = ? WHERE id = ?", arguments: [now, id.sql])
            return try Self.job(id, db)
        }
    }

    public func startNextPart(of job: RecordID) async throws -> JobPart? {
        try await write { db in
            try Self.expectRunning(job, db)
            guard
                let position = try Int.fetchOne(
                    db, sql: "SELECT position FROM parts WHERE job = ? AND state = 'queued' ORDER BY position LIMIT 1",
                    arguments: [job.sql])
            else { return nil }
            try db.execute(
                sql: "UPDATE parts SET state = 'running', tries = tries + 1 WHERE job = ? AND position = ?",
                arguments: [job.sql, position])
            return try Self.parts(db, "WHERE job = ? AND position = ?", [job.sql, position]).first
        }
    }

    public func finishPart(_ position: Int, of job: RecordID, with result: PartResult) async throws {
        let settings = settings
        try settings.check(result.timings, field: "the timings")
        let now = clock().timeIntervalSince1970
        try await keeping([result.audio], limit: settings.speechBytes) { db, kept in
            let used = try Int.fetchOne(
                db, sql: "SELECT sum(byteCount) FROM parts JOIN audio ON audio.id = parts.audio")
            guard (used ?? 0) + kept[0].byteCount <= settings.jobBytes else {
                throw StoreError.tooLarge(
                    field: "the audio of all jobs", count: (used ?? 0) + kept[0].byteCount, limit: settings.jobBytes)
            }
            try Self.endPart(
                position, of: job, at: now, db, "state = 'finished', seed = ?, timings = ?, audio = ?",
                [Int64(bitPattern: result.seed), result.timings.text, kept[0].id.sql])
        }
    }

    public func failOpenParts(of job: RecordID, because reason: String) async throws {
        let now = clock().timeIntervalSince1970
        let words = Self.words(reason)
        try await write { db in
            try Self.expectRunning(job, db)
            try db.execute(
                sql: "UPDATE parts SET state = 'failed', failure = ? WHERE job = ? AND state IN ('queued', 'running')",
                arguments: [words, job.sql])
            try Self.settle(job, at: now, db)
        }
    }

    /// As much of a reason as is kept.
    private static func words(_ reason: String) -> String { String(reason.prefix(1000)) }

    public func failPart(_ position: Int, of job: RecordID, because reason: String) async throws {
        let now = clock().timeIntervalSince1970
        let words = Self.words(reason)
        try await write { db in
            try Self.endPart(position, of: job, at: now, db, "state = 'failed', failure = ?", [words])
        }
    }

    public func releaseJobs() async throws { try await queueRunningAgain(untried: 1) }

    /// Queues everything again that is running.
    ///
    /// - Parameter untried: 1 where the process ends in order, so that its end is no part's fault; 0 after a crash.
    func queueRunningAgain(untried: Int) async throws {
        let now = clock().timeIntervalSince1970
        try await write { db in
            try db.execute(
                sql: "UPDATE parts SET state = 'queued', tries = tries - ? WHERE state = 'running'",
                arguments: [untried])
            try db.execute(
                sql: "UPDATE jobs SET state = 'queued', changedAt = ? WHERE state = 'running'", arguments: [now])
        }
    }

    private static func expectRunning(_ id: RecordID, _ db: Database) throws {
        let state = try job(id, db).state
        guard state == .running else {
            throw StoreError.wrongState(.job, id: id.description, state: state.rawValue)
        }
    }

    /// Ends a running part, and with the last one the job.
    private static func endPart(
        _ position: Int, of id: RecordID, at now: Double, _ db: Database, _ changes: String,
        _ values: StatementArguments
    ) throws {
        try expectRunning(id, db)
        try db.execute(
            sql: "UPDATE parts SET \(changes) WHERE job = ? AND position = ? AND state = 'running'",
            arguments: values + [id.sql, position])
        guard db.changesCount == 1 else {
            throw StoreError.wrongState(.part, id: "\(position) of \(id)", state: "not running")
        }
        try settle(id, at: now, db)
    }

    /// Ends a job whose parts are over.
    private static func settle(_ id: RecordID, at now: Double, _ db: Database) throws {
        let ended = try job(id, db)
        let isLast = ended.finishedParts + ended.failedParts == ended.partCount
        let failure = ended.failedParts > 0 ? "\(ended.failedParts) of \(ended.partCount) parts failed" : nil
        let state: Job.State = !isLast ? .running : failure == nil ? .finished : .failed
        try db.execute(
            sql: "UPDATE jobs SET state = ?, failure = ?, changedAt = ? WHERE id = ?",
            arguments: [state.rawValue, isLast ? failure : nil, now, id.sql])
    }
}
