import Foundation
import GRDB
import Testing

@testable import SpeechStore

/// Jobs: their states, and that they outlive the process that runs them.
struct JobTests {
    private func lines(_ count: Int) -> NewJob {
        NewJob(kind: .batch, title: "lines", model: "nano", parts: (0..<count).map { "line \($0)" })
    }

    @Test func isWorkedOffPartByPart() async throws {
        let folder = try StoreFolder()
        let store = try await folder.open()
        let first = try await store.addJob(lines(2))
        let second = try await store.addJob(lines(1))
        #expect(first.state == .queued && first.partCount == 2 && first.finishedParts == 0)
        #expect(try await store.startNextJob()?.id == first.id)
        #expect(try await store.startNextJob()?.id == second.id)
        #expect(try await store.startNextJob() == nil)
        for position in 0..<2 {
            let part = try #require(try await store.startNextPart(of: first.id))
            #expect(part.position == position && part.text == "line \(position)" && part.tries == 1)
            let timings = try JSONText("{\"seconds\":\(position)}")
            try await store.finishPart(
                position, of: first.id, with: PartResult(audio: sound("part"), seed: 7, timings: timings))
        }
        #expect(try await store.startNextJobPartOrNil(of: first.id) == nil)
        #expect(try await store.job(first.id).state == .finished)
        let parts = try await store.parts(of: first.id)
        #expect(parts.allSatisfy { $0.state == .finished && $0.seed == 7 && $0.audio != nil })
        _ = try await store.startNextPart(of: second.id)
        try await store.failPart(0, of: second.id, because: "too long")
        let failed = try await store.job(second.id)
        #expect(failed.state == .failed && failed.failure == "1 of 1 parts failed")
        #expect(try await store.parts(of: second.id)[0].failure == "too long")
        #expect(try await store.jobs(owner: nil, before: nil, limit: 9).map(\.id) == [second.id, first.id])
        #expect(try await store.jobs(owner: nil, before: second.number, limit: 9).map(\.id) == [first.id])
        try await store.deleteJob(first.id)
        #expect(folder.audioFiles.isEmpty)
    }

    @Test func aJobThatCannotGoOnEndsAtOnce() async throws {
        let store = try await StoreFolder().open()
        let job = try await store.addJob(lines(4))
        await #expect(throws: StoreError.wrongState(.job, id: job.id.description, state: "queued")) {
            try await store.failOpenParts(of: job.id, because: "no model")
        }
        _ = try await store.startNextJob()
        for _ in 0..<2 { _ = try await store.startNextPart(of: job.id) }
        let result = PartResult(audio: sound("part"), seed: 7, timings: try JSONText("{}"))
        try await store.finishPart(0, of: job.id, with: result)
        try await store.failOpenParts(of: job.id, because: "no voice")
        let ended = try await store.job(job.id)
        #expect(ended.state == .failed && ended.finishedParts == 1 && ended.failure == "3 of 4 parts failed")
        for position in 0..<4 {
            let part = try #require(try await store.part(position, of: job.id))
            #expect(part.position == position && part.text == "line \(position)")
            #expect(part.failure == (position == 0 ? nil : "no voice"))
        }
        for position in [-1, 4, .max] { #expect(try await store.part(position, of: job.id) == nil) }
        await #expect(throws: StoreError.self) { try await store.part(0, of: RecordID()) }
    }

    @Test func cancelledAndDeletedJobsTakeNoMoreParts() async throws {
        let folder = try StoreFolder()
        let store = try await folder.open()
        let job = try await store.addJob(lines(3))
        _ = try await store.startNextJob()
        _ = try await store.startNextPart(of: job.id)
        try await store.finishPart(0, of: job.id, with: PartResult(audio: sound("kept"), seed: 1))
        _ = try await store.startNextPart(of: job.id)
        try await store.cancelJob(job.id)
        await #expect(throws: StoreError.wrongState(.job, id: job.id.description, state: "cancelled")) {
            try await store.finishPart(1, of: job.id, with: PartResult(audio: sound("late"), seed: 1))
        }
        await #expect(throws: StoreError.self) { try await store.cancelJob(job.id) }
        #expect(try await store.parts(of: job.id).map(\.state) == [.finished, .cancelled, .cancelled])
        #expect(folder.audioFiles.count == 1, "what came too late does not stay")
        try await store.deleteJob(job.id)
        await #expect(throws: StoreError.notFound(.job, id: job.id.description)) {
            try await store.failPart(1, of: job.id, because: "gone")
        }
    }

    @Test func sentTwiceIsQueuedOnce() async throws {
        let folder = try StoreFolder()
        let store = try await folder.open()
        let owner = try await store.addKey(name: "client", limits: KeyLimits()).key
        var new = lines(1)
        new.idempotencyKey = "order 7"
        let first = try await store.addJob(new)
        #expect(try await store.addJob(new) == first)
        new.owner = owner.id
        let others = try await store.addJob(new)
        #expect(others.id != first.id, "another owner's key is another key")
        #expect(try await store.jobs(owner: owner.id, before: nil, limit: 9).map(\.id) == [others.id])
        try await store.deleteJob(others.id)
        #expect(try await store.addJob(new).id != others.id)
    }

    @Test func capsAreKept() async throws {
        let folder = try StoreFolder()
        var settings = StoreFolder.settings
        settings.openJobs = 1
        settings.jobParts = 2
        settings.jobBytes = 10
        settings.endedJobSeconds = 100
        let store = try await folder.open(settings)
        await #expect(throws: StoreError.capReached(.part, limit: 2)) { try await store.addJob(lines(3)) }
        await #expect(throws: StoreError.invalid(field: "the job", reason: "has no parts")) {
            try await store.addJob(lines(0))
        }
        let job = try await store.addJob(lines(2))
        await #expect(throws: StoreError.capReached(.job, limit: 1)) { try await store.addJob(lines(1)) }
        _ = try await store.startNextJob()
        _ = try await store.startNextPart(of: job.id)
        try await store.finishPart(0, of: job.id, with: PartResult(audio: sound("123456"), seed: 1))
        _ = try await store.startNextPart(of: job.id)
        await #expect(throws: StoreError.tooLarge(field: "the audio of all jobs", count: 11, limit: 10)) {
            try await store.finishPart(1, of: job.id, with: PartResult(audio: sound("12345"), seed: 1))
        }
        #expect(folder.audioFiles.count == 1)
        try await store.cancelJob(job.id)
        folder.wait(seconds: 101)
        let next = try await store.addJob(lines(1))
        #expect(try await store.jobs(owner: nil, before: nil, limit: 9).map(\.id) == [next.id], "ended long ago")
        #expect(folder.audioFiles.isEmpty)
    }

    /// A process is killed while it works on a job, at moments that fall anywhere: before, in and after transactions.
    @Test(arguments: [40, 90, 170]) func outlivesKill9(milliseconds: Int) async throws {
        let folder = try StoreFolder()
        let job: Job
        do {
            let store = try await folder.open()
            job = try await store.addJob(lines(2000))
        }
        let path = folder.url.path
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String, milliseconds = milliseconds as Int] in
            let store = try await LocalStore.open(URL(fileURLWithPath: path), settings: StoreFolder.settings)
            let running = try await store.startNextJob()
            let id = try #require(running?.id)
            while let part = try await store.startNextPart(of: id) {
                let audio = sound("speech of part \(part.position)")
                try await store.finishPart(
                    part.position, of: id, with: PartResult(audio: audio, seed: UInt64(part.position)))
                guard part.position == 0 else { continue }
                Thread.detachNewThread {
                    Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
                    kill(getpid(), SIGKILL)
                }
            }
        }
        let store = try await folder.open()
        let check = try await store.read { db in try String.fetchAll(db, sql: "PRAGMA integrity_check") }
        #expect(check == ["ok"])
        let resumed = try await store.job(job.id)
        #expect(resumed.state == .queued)
        let parts = try await store.parts(of: job.id)
        let finished = parts.filter { $0.state == .finished }
        #expect(finished.count == resumed.finishedParts && !finished.isEmpty)
        #expect(parts.filter { $0.state == .queued }.count == 2000 - finished.count, "nothing stays running")
        for part in finished {
            let audio = try #require(part.audio)
            #expect(part.seed == UInt64(part.position))
            #expect(try Data(contentsOf: store.file(of: audio)) == Data("speech of part \(part.position)".utf8))
        }
        #expect(folder.audioFiles == Set(finished.compactMap { $0.audio?.id.description }), "no orphans")
        #expect(try await store.startNextJob()?.id == job.id)
        #expect(try await store.startNextPart(of: job.id)?.position == finished.count, "it goes on where it was")
    }

    @Test func orphansGoAtTheStart() async throws {
        let folder = try StoreFolder()
        let kept: Voice
        do { kept = try await folder.open().addVoice(voice("Ada")) }
        let audio = folder.url.appendingPathComponent("audio")
        for name in [RecordID().description, ".new-" + RecordID().description, "notes.txt"] {
            try Data("left behind".utf8).write(to: audio.appendingPathComponent(name))
        }
        _ = try await folder.open()
        #expect(folder.audioFiles == [kept.reference.id.description, "notes.txt"], "only what was its own")
    }
}

extension LocalStore {
    /// The next part; nil also where the job is over.
    fileprivate func startNextJobPartOrNil(of job: RecordID) async throws -> JobPart? {
        do { return try await startNextPart(of: job) } catch StoreError.wrongState { return nil }
    }
}
