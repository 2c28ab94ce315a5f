import Foundation
import Synchronization

@testable import SpeechStore

/// A store in a folder of its own, with a clock that the test moves.
final class StoreFolder: Sendable {
    let url: URL
    private let now = Mutex(Date(timeIntervalSince1970: 1_700_000_000))

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// No free space is asked of the machine that runs the tests.
    static var settings: StoreSettings {
        var settings = StoreSettings()
        settings.diskFloorBytes = 0
        return settings
    }

    func open(_ settings: StoreSettings = StoreFolder.settings) async throws -> LocalStore {
        try await LocalStore.open(url, settings: settings) { [self] in now.withLock { $0 } }
    }

    func wait(seconds: Double) { now.withLock { $0 += seconds } }

    var database: URL { url.appendingPathComponent("mynah.sqlite") }

    /// The names of all audio files.
    var audioFiles: Set<String> {
        let names = try? FileManager.default.contentsOfDirectory(atPath: url.appendingPathComponent("audio").path)
        return Set(names ?? [])
    }

    /// The files, also of the database, that hold these bytes.
    func files(holding bytes: Data) throws -> [String] {
        let paths = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
        return try paths.filter { path in
            let file = url.appendingPathComponent(path)
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
            return try !isFolder.boolValue && Data(contentsOf: file).range(of: bytes) != nil
        }
    }
}

/// What most tests ask for: everybody's, of nobody in particular.
extension LocalStore {
    func addKey(name: String, limits: KeyLimits) async throws -> (key: APIKey, secret: String) {
        try await addKey(name: name, limits: limits, isAdmin: false)
    }

    func importVoice(_ file: Data, name: String?) async throws -> Voice {
        try await importVoice(file, name: name, owner: nil)
    }

    func history(before: Int64?, limit: Int) async throws -> [HistoryEntry] {
        try await history(owner: nil, before: before, limit: limit)
    }

    func clearHistory() async throws { try await clearHistory(owner: nil) }
}

/// Audio as far as the store is concerned.
func sound(_ text: String) -> NewAudio { NewAudio(.bytes(Data(text.utf8)), mediaType: "audio/wav") }

func voice(_ name: String, reference: String = "recorded sound") -> NewVoice {
    NewVoice(
        name: name, transcript: "What \(name) says there.", consent: "\(name) agreed in writing.",
        reference: sound(reference))
}

func entry(_ text: String, voice: RecordID? = nil, audio: String = "spoken sound") -> NewHistoryEntry {
    NewHistoryEntry(text: text, model: "nano", voice: voice, seed: .max, audio: sound(audio))
}
