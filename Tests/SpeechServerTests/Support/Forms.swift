import AudioIO
import Foundation
import SpeechStore

@testable import SpeechServer

/// A form with files as browsers send it.
struct TestForm {
    static let boundary = "----a-boundary"
    static let headers = ["Content-Type": "multipart/form-data; boundary=\(boundary)"]
    private(set) var bytes: [UInt8] = []

    mutating func add(_ name: String, _ value: String) { add("name=\"\(name)\"", Array(value.utf8)) }

    mutating func add(_ name: String, file: [UInt8], called: String = "a.wav") {
        add("name=\"\(name)\"; filename=\"\(called)\"\r\nContent-Type: audio/wav", file)
    }

    private mutating func add(_ head: String, _ content: [UInt8]) {
        bytes +=
            Array("--\(Self.boundary)\r\nContent-Disposition: form-data; \(head)\r\n\r\n".utf8) + content + [13, 10]
    }

    /// All of it.
    var body: [UInt8] { bytes + Array("--\(Self.boundary)--\r\n".utf8) }
}

/// Recordings that are made up.
enum TestSound {
    /// A wave file of a hum with pauses, as speech has them.
    static func wav(seconds: Double, silentHead: Double = 0, level: Float = 0.3, rateHz: Int = 16_000) throws -> [UInt8]
    {
        let head = [Float](repeating: 0, count: Int(silentHead * Double(rateHz)))
        let sound = (0..<Int(seconds * Double(rateHz))).map { index -> Float in
            let time = Double(index) / Double(rateHz)
            let isPause = time.truncatingRemainder(dividingBy: 0.5) > 0.42
            return isPause ? 0 : level * Float(sin(2 * .pi * 150 * time)) * Float(0.6 + 0.4 * sin(2 * .pi * 3 * time))
        }
        return try SoundEncoder.whole(head + sound, SoundForm(format: .wav, rateHz: nil), sampleRateHz: rateHz)
    }
}

/// A store in a folder of its own.
final class TestStore: Sendable {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("server-store-\(UUID().uuidString)")

    deinit { try? FileManager.default.removeItem(at: folder) }

    func open() async throws -> LocalStore {
        var settings = StoreSettings()
        settings.diskFloorBytes = 0
        return try await LocalStore.open(folder, settings: settings)
    }
}

extension TestServer {
    /// Sends a form and reads the answer.
    func send(_ path: String, _ form: TestForm, _ headers: [String: String] = [:]) async -> RawClient.Reply {
        await send("POST", path, headers.merging(TestForm.headers) { $1 }, bytes: form.body)
    }

    /// Sends bytes and reads the answer.
    func send(
        _ method: String, _ path: String, _ headers: [String: String] = [:], bytes: [UInt8]
    ) async -> RawClient.Reply {
        let client = client()
        client.send(Array(Self.head(method, path, headers, length: bytes.count).utf8) + bytes)
        return await client.reply()
    }

    /// A server with a store.
    static func withStore(
        _ engine: FakeEngine = FakeEngine(), _ change: (inout ServerConfiguration) -> Void = { _ in },
        body: (TestServer, LocalStore) async throws -> Void
    ) async throws {
        let folder = TestStore()
        let store = try await folder.open()
        try await run(engine, change, store: store) { try await body($0, store) }
        withExtendedLifetime(folder) {}
    }
}
