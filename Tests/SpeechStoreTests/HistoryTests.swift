import Foundation
import Testing

@testable import SpeechStore

/// History: what stays, what goes, and that nothing is written when it is switched off.
struct HistoryTests {
    @Test func staysAsItWasWritten() async throws {
        let folder = try StoreFolder()
        let store = try await folder.open()
        struct Parameters: Codable, Equatable {
            var cfg: Double
            var steps: Int
        }
        var new = entry("Guten Tag \u{1F426}")
        new.builtInVoice = "anna"
        new.parameters = try JSONText(encoding: Parameters(cfg: 2, steps: 10))
        new.timings = try JSONText("{\"rtf\": 0.5}")
        let kept = try #require(try await store.record(new))
        #expect(try await store.historyEntry(kept.id) == kept)
        #expect(kept.text == new.text && kept.seed == .max && kept.voiceName == "anna" && kept.voice == nil)
        #expect(try kept.parameters.decode() == Parameters(cfg: 2, steps: 10))
        #expect(kept.timings == new.timings)
        #expect(throws: StoreError.self) { try JSONText("[1]") }
        for number in 1...4 { _ = try await store.record(entry("\(number)")) }
        let page = try await store.history(before: nil, limit: 3)
        #expect(page.map(\.text) == ["4", "3", "2"])
        #expect(try await store.history(before: page.last?.number, limit: 3).map(\.text) == ["1", new.text])
        try await store.deleteHistoryEntry(kept.id)
        await #expect(throws: StoreError.notFound(.history, id: kept.id.description)) {
            try await store.historyEntry(kept.id)
        }
        try await store.clearHistory()
        #expect(folder.audioFiles.isEmpty)
    }

    @Test func oldestGoFirst() async throws {
        let folder = try StoreFolder()
        var settings = StoreFolder.settings
        settings.historyBytes = 1000
        settings.historyEntries = 4
        let store = try await folder.open(settings)
        for number in 0..<6 { _ = try await store.record(entry("\(number)")) }
        #expect(try await store.history(before: nil, limit: 10).map(\.text) == ["5", "4", "3", "2"])
        #expect(folder.audioFiles.count == 4)
        _ = try await store.record(entry("large", audio: String(repeating: "x", count: 960)))
        #expect(try await store.history(before: nil, limit: 10).map(\.text) == ["large", "5"])
        #expect(folder.audioFiles.count == 2)
        await #expect(throws: StoreError.self) {
            try await store.record(entry("larger", audio: String(repeating: "x", count: 1000)))
        }
        let texts = try await store.history(before: nil, limit: 10).map(\.text)
        #expect(texts == ["large", "5"], "refused, not squeezed in")
        #expect(folder.audioFiles.count == 2)
    }

    @Test func ageCountsOnInsertAndOnStart() async throws {
        let folder = try StoreFolder()
        var settings = StoreFolder.settings
        settings.historySeconds = 100
        do {
            let store = try await folder.open(settings)
            _ = try await store.record(entry("old"))
            folder.wait(seconds: 60)
            _ = try await store.record(entry("newer"))
            folder.wait(seconds: 60)
            _ = try await store.record(entry("new"))
            #expect(try await store.history(before: nil, limit: 10).map(\.text) == ["new", "newer"])
        }
        folder.wait(seconds: 70)
        let store = try await folder.open(settings)
        #expect(try await store.history(before: nil, limit: 10).map(\.text) == ["new"])
        #expect(folder.audioFiles.count == 1)
    }

    /// Many at once, some of which give up: every row has its audio, and every file its row.
    @Test func manyAtOnce() async throws {
        let folder = try StoreFolder()
        var settings = StoreFolder.settings
        settings.historyEntries = 20
        let store = try await folder.open(settings)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let task = Task { try await store.record(entry("\(number)", audio: "sound of \(number)")) }
                    if number % 3 == 0 { task.cancel() }
                    if let kept = try? await task.value, number % 5 == 0 {
                        try? await store.deleteHistoryEntry(kept.id)
                    }
                }
            }
        }
        let kept = try await store.history(before: nil, limit: 100)
        #expect((1...20).contains(kept.count))
        for entry in kept {
            #expect(try Data(contentsOf: store.file(of: entry.audio)) == Data("sound of \(entry.text)".utf8))
        }
        #expect(folder.audioFiles == Set(kept.map(\.audio.id.description)))
    }

    @Test func nothingIsWrittenWhenSwitchedOff() async throws {
        let folder = try StoreFolder()
        var settings = StoreFolder.settings
        settings.keepsHistory = false
        let store = try await folder.open(settings)
        #expect(try await store.record(entry("UNHEARD-OF", audio: "UNHEARD-SOUND")) == nil)
        #expect(try folder.files(holding: Data("UNHEARD".utf8)) == [])
        #expect(folder.audioFiles.isEmpty)
        try await store.changeSettings { $0.keepsHistory = true }
        #expect(try await store.record(entry("HEARD-OF")) != nil)
        #expect(try !folder.files(holding: Data("HEARD-OF".utf8)).isEmpty)
    }
}
