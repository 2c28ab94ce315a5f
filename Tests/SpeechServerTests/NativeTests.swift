import Foundation
import Logging
import SpeechEngine
import Synchronization
import Testing

@testable import SpeechServer

/// The server's own API and the file that describes it.
struct NativeTests {
    @Test func eventsTellTheWholeStory() async throws {
        try await TestServer.run { server in
            let reply = await server.post(
                "/api/v1/speech", #"{"text":"a","format":"pcm","stream":"events","seed":12345678901234567}"#)
            let names = reply.text.components(separatedBy: "\n").filter { $0.hasPrefix("event: ") }.map {
                $0.dropFirst(7)
            }
            #expect(names.first == "queued" && names.dropFirst().first == "started" && names.last == "done")
            #expect(names.filter { $0 == "audio" }.count == 5)
            #expect(reply.text.contains(#""seed":"12345678901234567""#))
        }
    }

    @Test func unknownFieldsAreRefused() async throws {
        try await TestServer.run { server in
            let reply = await server.post("/api/v1/speech", #"{"text":"a","txet":"b"}"#)
            #expect(reply.status == 400 && reply.errorCode == "unknown_parameter")
            #expect(await server.post("/api/v1/speech", #"{"text":"a"}"#).status == 200)
            #expect(await server.post("/api/v1/speech", #"{"text":"a","stream":"audio"}"#).isComplete)
        }
    }

    /// Who waits for a turn hears comments, and a failure after them is an event.
    @Test(arguments: [
        ("/api/v1/speech", #"{"text":"a","stream":"events"}"#, "event: done", "event: error"),
        (
            "/v1/audio/speech", #"{"model":"fake","voice":"alloy","input":"a","stream_format":"sse"}"#,
            "event: speech.audio.done", "event: speech.audio.error"
        ),
    ])
    func waitingClientsHearSomething(path: String, json: String, done: String, fault: String) async throws {
        for (end, last) in [(SpeechEnd.complete, done), (.failed(reason: "a reason"), fault)] {
            let engine = FakeEngine {
                $0.heldFrom = 0
                $0.end = end
            }
            try await TestServer.run(engine, { $0.limits.heartbeatTime = .milliseconds(20) }) { server in
                let client = server.client()
                client.send(
                    TestServer.head("POST", path, ["Content-Type": "application/json"], length: json.utf8.count) + json)
                let early = await client.read { RawClient.parse($0).text.contains(": waiting\n\n: waiting\n\n") }
                #expect(RawClient.parse(early).status == 200)
                engine.state.withLock { $0.heldFrom = nil }
                let rest = await client.read { String(decoding: $0, as: UTF8.self).contains("\r\n0\r\n\r\n") }
                #expect(String(decoding: rest, as: UTF8.self).contains(last))
            }
        }
    }

    /// `docs/openapi.yaml` lists exactly the paths and methods that are answered.
    @Test func theDescriptionIsComplete() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/openapi.yaml")
        var described: [String] = []
        var path = ""
        for line in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n") {
            if line.hasPrefix("  /"), line.hasSuffix(":") { path = String(line.dropFirst(2).dropLast()) }
            let method = line.trimmingCharacters(in: .whitespaces)
            if line.hasPrefix("    "), !line.hasPrefix("     "),
                ["get:", "post:", "patch:", "delete:"].contains(method)
            {
                described.append("\(method.dropLast().uppercased()) \(path)")
            }
        }
        let server = try SpeechServer(
            ServerConfiguration(), source: FakeEngine(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        #expect(described.sorted() == server.paths)
    }
}
