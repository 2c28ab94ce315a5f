import Foundation
import GRDB
import Testing

@testable import SpeechStore

/// What can be wrong with the disk and the files, and that it is said.
struct FaultTests {
    @Test func oneProcessAtATime() async throws {
        let folder = try StoreFolder()
        let store = try await folder.open()
        await #expect(throws: StoreError.inUse(folder: folder.url.path)) { try await folder.open() }
        _ = try await store.voices()
    }

    @Test func newerTablesAreLeftAlone() async throws {
        let folder = try StoreFolder()
        do {
            let store = try await folder.open()
            try await store.write { db in
                try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('9 telepathy')")
            }
        }
        let error = StoreError.newerSchema(path: folder.database.path, unknown: ["9 telepathy"])
        await #expect(throws: error) { try await folder.open() }
        #expect("\(error)".contains("newer Mynah") && "\(error)".contains("update"))
    }

    /// Where the damage is: in the header, or in a page further on.
    @Test(arguments: [0, 4096 * 5 + 40]) func damageIsToldApart(offset: Int) async throws {
        let folder = try StoreFolder()
        do {
            let store = try await folder.open()
            let words = String(repeating: "word ", count: 200)
            for number in 0..<50 { _ = try await store.record(entry("\(number) " + words)) }
        }
        let file = try FileHandle(forUpdating: folder.database)
        let size = Int(try file.seekToEnd())
        try #require(size > offset + 40_000, "the log is emptied into the database when it is closed")
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data(repeating: 0xA5, count: size - offset))
        try file.close()
        do {
            _ = try await folder.open()
            Issue.record("the damage went unnoticed")
        } catch StoreError.corrupt(let path, _) {
            #expect(path == folder.database.path)
        }
    }

    @Test func aFullDiskChangesNothing() async throws {
        let folder = try StoreFolder()
        let store = try await folder.open()
        let before = try await store.addVoice(voice("Ada"))
        try await store.write { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages + 1)")
        }
        let latents = Data(count: 1 << 20)
        await #expect(throws: StoreError.diskFull(path: folder.database.path)) {
            try await store.setLatents(latents, of: before.id, modelDigest: "ab")
        }
        #expect(try await store.voices() == [before])
        let large = entry(String(repeating: "long ", count: 100_000))
        await #expect(throws: StoreError.diskFull(path: folder.database.path)) {
            try await store.record(large)
        }
        #expect(folder.audioFiles.count == 1, "audio without its row does not stay")
    }

    @Test func roomIsLeftOnTheDisk() async throws {
        let folder = try StoreFolder()
        var settings = StoreFolder.settings
        settings.diskFloorBytes = 1 << 60
        let store = try await folder.open(settings)
        await #expect {
            try await store.addVoice(voice("Ada"))
        } throws: { error in
            if case StoreError.diskFull = error { true } else { false }
        }
        #expect(folder.audioFiles.isEmpty)
    }

    @Test func lockedAndReadOnlyAreSaid() async throws {
        let folder = try StoreFolder()
        var settings = StoreFolder.settings
        settings.lockSeconds = 0.05
        let store = try await folder.open(settings)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: folder.database.path, configuration: configuration)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
        await #expect(throws: StoreError.locked(path: folder.database.path)) {
            try await store.addKey(name: "client", limits: KeyLimits())
        }
        try await other.writeWithoutTransaction { db in try db.execute(sql: "ROLLBACK") }
        try await store.database.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA query_only = ON") }
        await #expect(throws: StoreError.readOnly(path: folder.database.path)) {
            try await store.addKey(name: "client", limits: KeyLimits())
        }
        #expect(StoreError.system("x", EROFS) == .readOnly(path: "x"))
        #expect(StoreError.system("x", EDQUOT) == .diskFull(path: "x"))
    }

    @Test func aFileIsNoFolder() async throws {
        let folder = try StoreFolder()
        let file = folder.url.appendingPathComponent("file")
        try Data().write(to: file)
        await #expect(throws: StoreError.self) { try await LocalStore.open(file) }
    }

    @Test func cancelledWorkChangesNothing() async throws {
        let folder = try StoreFolder()
        let store = try await folder.open()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await store.addVoice(voice("Ada"))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await store.voices().isEmpty)
        #expect(folder.audioFiles.isEmpty)
    }

    @Test(arguments: [
        "", "..", "../../etc/passwd", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcde",
    ])
    func idsHaveOneForm(text: String) throws {
        #expect(RecordID(text) == nil)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(RecordID.self, from: Data("\"\(text)\"".utf8)) }
        let id = RecordID()
        #expect(RecordID(id.description) == id)
        #expect(try JSONDecoder().decode(RecordID.self, from: JSONEncoder().encode(id)) == id)
    }
}
