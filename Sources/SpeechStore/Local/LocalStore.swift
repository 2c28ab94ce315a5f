public import Foundation
import GRDB
import Synchronization

/// The store of one machine: an SQLite database and a folder of audio files.
///
///     FOLDER/lock             held while a process has the store open
///     FOLDER/mynah.sqlite     voices, history, jobs, keys (with its -wal and -shm)
///     FOLDER/audio/<id>       audio, under generated ids
///
/// Audio is on the disk before its row is, and rows go before their audio does; what a crash leaves without a row is
/// removed at the next start. Nothing here blocks Swift's cooperative threads: GRDB runs database work on its own
/// queues, and files are written on one of the store.
///
/// A task that is cancelled before its operation is committed throws `CancellationError`, and nothing has changed.
public final class LocalStore: SpeechStoring {
    let database: DatabasePool
    let audioFolder: AudioFolder
    /// The present; tests move it.
    let clock: @Sendable () -> Date
    /// Nil for a guest.
    private let lock: StoreLock?
    private let queue: DispatchQueue
    private let liveSettings: Mutex<StoreSettings>

    /// Opens the store in a folder, which is made where it is not there.
    ///
    /// Jobs that were running when the last process ended are queued again, with their finished parts kept; orphaned
    /// audio goes, and so does what the caps no longer permit.
    ///
    /// - Throws: ``StoreError``.
    public static func open(
        _ folder: URL, settings: StoreSettings = StoreSettings(), clock: @escaping @Sendable () -> Date = { Date() }
    ) async throws -> LocalStore {
        let queue = DispatchQueue(label: "mynah.store.files")
        let store = try await queue.result {
            try LocalStore(folder: folder, settings: settings, isGuest: false, clock: clock, queue: queue)
        }
        try await store.recover()
        return store
    }

    /// Opens the keys of a store that a server may be using at the same time. Nothing is put in order and nothing else
    /// may be touched: that is for the one process that holds the store.
    ///
    /// - Throws: ``StoreError``.
    public static func openKeys(_ folder: URL) async throws -> any KeyStoring {
        let queue = DispatchQueue(label: "mynah.store.keys")
        return try await queue.result {
            try LocalStore(
                folder: folder, settings: StoreSettings(), isGuest: true, clock: { Date() }, queue: queue)
        }
    }

    private init(
        folder: URL, settings: StoreSettings, isGuest: Bool, clock: @escaping @Sendable () -> Date, queue: DispatchQueue
    ) throws {
        self.clock = clock
        self.queue = queue
        liveSettings = Mutex(settings)
        try? FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        lock = isGuest ? nil : try StoreLock(folder)
        audioFolder = try AudioFolder(folder.appendingPathComponent("audio", isDirectory: true))
        let path = folder.appendingPathComponent("mynah.sqlite", isDirectory: false).path
        do {
            database = try Self.openDatabase(path, settings)
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
    }

    private static func openDatabase(_ path: String, _ settings: StoreSettings) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(settings.lockSeconds)
        configuration.prepareDatabase { db in
            // What is deleted is overwritten with zeros: a deleted voice leaves no trace in free pages.
            try db.execute(sql: "PRAGMA secure_delete = ON")
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        let fault = try pool.read { db in try String.fetchOne(db, sql: "PRAGMA quick_check(1)") }
        if let fault, fault != "ok" { throw StoreError.corrupt(path: path, detail: fault) }
        let migrator = Schema.migrator
        let unknown = try pool.read { db in
            try migrator.hasBeenSuperseded(db)
                ? try migrator.appliedIdentifiers(db).subtracting(migrator.migrations).sorted() : []
        }
        guard unknown.isEmpty else { throw StoreError.newerSchema(path: path, unknown: unknown) }
        try migrator.migrate(pool)
        // A finished part stays finished when the power fails: the log reaches the disk with every commit.
        try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
        return pool
    }

    /// Puts in order what the last process left.
    private func recover() async throws {
        try await queueRunningAgain(untried: 0)
        let (now, settings) = (clock(), settings)
        let known = try await write { db in
            try Self.trimHistory(db, settings, now: now)
            try Self.trimJobs(db, settings, now: now)
            return Set(try RecordID.all(db, sql: "SELECT id FROM audio"))
        }
        _ = await onFiles { [audioFolder] in audioFolder.removeAll(except: known) }
    }

    /// What is set now.
    public var settings: StoreSettings { liveSettings.withLock { $0 } }

    public func changeSettings(_ change: @escaping @Sendable (inout StoreSettings) -> Void) async throws {
        let (settings, now) = (
            liveSettings.withLock { settings in
                change(&settings)
                return settings
            }, clock()
        )
        try await write { db in try Self.trimHistory(db, settings, now: now) }
    }

    public func remembered(_ name: String) async throws -> JSONText? {
        try await read { db in
            try String.fetchOne(db, sql: "SELECT value FROM remembered WHERE name = ?", arguments: [name])
        }.map { JSONText(unchecked: $0) }
    }

    public func remember(_ value: JSONText, as name: String) async throws {
        try settings.check(value, field: "what is remembered")
        try await write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO remembered (name, value) VALUES (?, ?)", arguments: [name, value.text])
        }
    }

    /// Where an audio file lies, for reading.
    ///
    /// - Returns: The file; it may be removed at any time, but who has opened it can read it to its end.
    public func file(of audio: StoredAudio) -> URL { audioFolder.file(of: audio.id) }
}

// MARK: How the parts of the store reach disk and database

extension LocalStore {
    /// Reads a state of the database that does not change meanwhile.
    ///
    /// - Throws: ``StoreError``.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await StoreError.explaining(database.path) { try await database.read(body) }
    }

    /// Changes the database, all or nothing, and removes the audio that lost its row.
    ///
    /// - Throws: ``StoreError``.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        let (value, discarded) = try await StoreError.explaining(database.path) {
            try await database.write { db in
                let value = try body(db)
                let discarded = try RecordID.all(db, sql: "DELETE FROM discardedAudio RETURNING id")
                return (value, discarded)
            }
        }
        if !discarded.isEmpty { await onFiles { [audioFolder] in audioFolder.remove(discarded) } }
        return value
    }

    /// Writes audio and then the rows that refer to it. Where that fails the audio goes again.
    func keeping<Value: Sendable>(
        _ audio: [NewAudio], limit: Int, _ body: @escaping @Sendable (Database, [StoredAudio]) throws -> Value
    ) async throws -> Value {
        let floor = settings.diskFloorBytes
        var kept: [StoredAudio] = []
        do {
            for file in audio {
                kept.append(
                    try await queue.result { [audioFolder] in
                        try audioFolder.write(file, limit: limit, floor: floor)
                    })
            }
            return try await write { [kept] db in
                for file in kept {
                    try db.execute(
                        sql: "INSERT INTO audio (id, mediaType, byteCount, sha256) VALUES (?, ?, ?, ?)",
                        arguments: [file.id.sql, file.mediaType, file.byteCount, file.sha256])
                }
                return try body(db, kept)
            }
        } catch {
            let ids = kept.map(\.id)
            await onFiles { [audioFolder] in audioFolder.remove(ids) }
            throw error
        }
    }

    /// Runs file work that cannot fail.
    @discardableResult
    func onFiles<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: body()) } }
    }

    /// Reads a whole file; for audio that is small by its cap.
    func content(of audio: StoredAudio) async throws -> Data {
        let file = file(of: audio)
        return try await queue.result {
            do { return try Data(contentsOf: file) } catch {
                throw StoreError.notFound(.audio, id: audio.id.description)
            }
        }
    }

    /// Empties the write-ahead log into the database, so that deleted content is overwritten in both. Readers that are
    /// at work may keep the log until they end; it is then emptied later.
    ///
    /// What was deleted is deleted: a caller that is cancelled now does not stop this.
    func eraseDeleted() async throws {
        do {
            try await Task { [database] in
                try await database.barrierWriteWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
            }.value
        } catch let error as DatabaseError {
            guard error.resultCode != .SQLITE_BUSY else { return }
            throw StoreError(error, path: database.path)
        }
    }
}

extension DispatchQueue {
    /// Runs work that may block.
    func result<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            async { continuation.resume(with: Result { try body() }) }
        }
    }
}
