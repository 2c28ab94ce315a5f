import Foundation
import Logging
import SpeechEngine
import SpeechStore
import Synchronization
import Testing

@testable import SpeechServer

/// What those who run the server rely on.
struct OperationTests {
    /// Keeps every line that is logged, with its metadata.
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let text = "\(event.message) \(metadata) \(event.metadata ?? [:]) \(String(describing: event.error))"
            lines.all.withLock { $0.append(text) }
        }
    }

    @Test func theLogTellsOfRequestsWithoutTheirTextsAndKeys() async throws {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in Handler(lines: lines) }
        let secret = "my-very-secret-key"
        try await TestServer.run(FakeEngine(), { $0.keys = GivenKeys([secret]) }, logger: logger) { server in
            let key = ["Authorization": "Bearer \(secret)"]
            for path in ["/v1/audio/speech", "/api/v1/speech", "/tts"] {
                let json =
                    path.hasPrefix("/v1")
                    ? #"{"model":"fake","voice":"alloy","input":"a private matter","response_format":"wav"}"#
                    : #"{"text":"a private matter"}"#
                #expect(await server.post(path, json, key).status == 200)
                #expect(await server.post(path, json + "}", key).status == 400)
            }
            #expect(await server.send("GET", "/nothing?text=a+private+matter", key).status == 404)
        }
        let log = lines.all.withLock { $0 }.joined(separator: "\n")
        #expect(log.contains("/v1/audio/speech") && log.contains("req-"))
        #expect(!log.contains("private") && !log.contains(secret))
    }

    /// Texts are for the log only where somebody asks for it, whichever way they came.
    @Test func textsAreLoggedOnWishOnly() async throws {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in Handler(lines: lines) }
        let folder = TestStore()
        let store = try await folder.open()
        try await TestServer.run(store: store, logger: logger) { server in
            func sayAll(_ text: String) async {
                _ = await server.post("/api/v1/speech", #"{"text":"\#(text) one"}"#)
                let call = await server.post("/gradio_api/call/generate", #"{"data":["\#(text) two"]}"#)
                _ = await server.send("GET", "/gradio_api/call/generate/\(call.json["event_id"] as? String ?? "")")
                let client = await StreamClient(port: server.port)
                client.text("\(text) three")
                client.done()
                _ = await client.frames(until: "session.done")
            }
            await sayAll("private")
            #expect(!lines.all.withLock { $0 }.joined().contains("private"))
            let json = ["Content-Type": "application/json"]
            _ = await server.send("PATCH", "/api/v1/settings", json, body: #"{"log_texts":true}"#)
            await sayAll("public")
            let log = lines.all.withLock { $0 }.joined(separator: "\n")
            for number in ["one", "two", "three"] { #expect(log.contains("public \(number)")) }
        }
        withExtendedLifetime(folder) {}
    }

    /// Speech is answered as long as it can be spoken; what would have to be kept is refused with a reason.
    @Test func aFullDiskIsTold() async throws {
        let folder = TestStore()
        var settings = StoreSettings()
        settings.diskFloorBytes = 1 << 60
        let store = try await LocalStore.open(folder.folder, settings: settings)
        try await TestServer.run(store: store) { server in
            var form = TestForm()
            for (name, value) in [
                ("name", "Ada"), ("transcript", "These words are said in about three seconds of time."),
                ("consent", "Yes."),
            ] { form.add(name, value) }
            form.add("audio", file: try TestSound.wav(seconds: 4))
            let saved = await server.send("/api/v1/voices", form)
            #expect(saved.status == 507 && saved.errorCode == "disk_full", "\(saved.text)")
            let spoken = await server.post("/api/v1/speech", #"{"text":"one"}"#)
            #expect(spoken.status == 200 && spoken.isComplete && !spoken.body.isEmpty)
            #expect((await server.send("GET", "/api/v1/history").json["entries"] as? [Any])?.isEmpty == true)
            let client = await StreamClient(port: server.port)
            client.text("Hello.")
            client.done()
            let done = await client.frames(until: "session.done").last
            #expect(done?["error"] as? Bool == false && done?["history_id"] == nil)
        }
        withExtendedLifetime(folder) {}
    }

    /// Sound on its way leaves no file behind, whatever happens.
    @Test func namelessFilesHaveNoName() throws {
        final class Places { var all: [URL] = [] }
        let places = Places()
        let file = try NamelessFile { url in
            places.all.append(url)
            try Data([1, 2, 3]).write(to: url)
        }
        #expect(file.byteCount == 3)
        #expect(try file.read(at: 0, count: 9) == [1, 2, 3] && file.read(at: 2, count: 1) == [3])
        #expect(throws: StoreError.self) {
            _ = try NamelessFile { url in
                places.all.append(url)
                try Data([1]).write(to: url)
                throw StoreError.diskFull(path: url.path)
            }
        }
        #expect(places.all.count == 2 && places.all.allSatisfy { !FileManager.default.fileExists(atPath: $0.path) })
    }

    @Test func everyMethodOfTheRoutesIsCountedByName() async throws {
        try await TestServer.run { server in
            for (method, name) in [
                ("GET", "GET"), ("POST", "POST"), ("PATCH", "PATCH"), ("DELETE", "DELETE"), ("PUT", "other"),
            ] {
                _ = await server.send(method, "/nothing")
                let page = await server.send("GET", "/metrics").text
                #expect(page.contains(#"path="unknown",method="\#(name)",status="404""#))
            }
        }
    }

    /// An engine with work that made no step for a minute hangs; one that waits for slow readers does not.
    @Test(arguments: [(1, 0, 61, 503), (1, 0, 5, 200), (1, 1, 61, 200), (0, 0, 61, 200)])
    func aHangingEngineIsNotAlive(taken: Int, paused: Int, seconds: Int, status: Int) async throws {
        let engine = FakeEngine {
            $0.tune = { snapshot in
                snapshot.takenPlaces = taken
                snapshot.paused = paused
                snapshot.lastStep = .now - .seconds(seconds)
            }
        }
        try await TestServer.run(engine) { server in
            #expect(await server.send("GET", "/health/live").status == status)
        }
    }
}
