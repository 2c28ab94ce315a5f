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
