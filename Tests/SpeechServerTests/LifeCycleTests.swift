import Foundation
import SpeechEngine
import Synchronization
import Testing

@testable import SpeechServer

/// Clients that go, servers that stop.
struct LifeCycleTests {
    private static func json(_ format: String) -> String {
        #"{"model":"fake","voice":"alloy","input":"a","response_format":"\#(format)"}"#
    }

    /// Streamed and whole answers alike: nothing of the answer has to be written for the server to notice.
    @Test(arguments: ["pcm", "wav"])
    func aClientThatGoesEndsItsSpeechWithinAPatch(format: String) async throws {
        let engine = FakeEngine { $0.heldFrom = 1 }
        try await TestServer.run(engine) { server in
            let client = server.client()
            let json = Self.json(format)
            client.send(
                TestServer.head(
                    "POST", "/v1/audio/speech", ["Content-Type": "application/json"], length: json.utf8.count)
                    + json)
            #expect(await TestServer.eventually { engine.state.withLock { $0.underWay } == 1 })
            if format == "pcm" { _ = await client.read { !RawClient.parse($0).body.isEmpty } }
            client.hangUp()
            #expect(await TestServer.eventually { engine.state.withLock { $0.cancelled } == [.readerGone] })
        }
    }

    @Test func aConnectionCarriesManyRequests() async throws {
        try await TestServer.run { server in
            let client = server.client()
            for _ in 0..<3 {
                for format in ["wav", "pcm"] {
                    let json = Self.json(format)
                    client.send(
                        TestServer.head(
                            "POST", "/v1/audio/speech", ["Content-Type": "application/json"], length: json.utf8.count)
                            + json)
                    let reply = await client.reply()
                    #expect(reply.status == 200 && reply.isComplete)
                }
            }
        }
    }

    @Test func stoppingFinishesWhatIsUnderWay() async throws {
        let engine = FakeEngine {
            $0.patches = 10
            $0.heldFrom = 0
        }
        // The speech is held until the clients below were refused, so it has the time that the program gives.
        let time = ServerConfiguration().drainTime
        try await TestServer.run(engine, { $0.drainTime = time }) { server in
            async let speech = server.post("/v1/audio/speech", Self.json("pcm"))
            #expect(await TestServer.eventually { engine.state.withLock { $0.underWay } == 1 })
            server.stop()
            #expect(await TestServer.eventually { engine.state.withLock { $0.engine } == .draining })
            let ready = await server.send("GET", "/health/ready")
            #expect(ready.status == 503 && ready.json["status"] as? String == "draining")
            let late = await server.post("/v1/audio/speech", Self.json("pcm"))
            #expect(late.status == 503 && late.errorCode == "draining" && late.headers["retry-after"] != nil)
            engine.state.withLock { $0.heldFrom = nil }
            let reply = await speech
            #expect(reply.isComplete && reply.body.count == 10 * 2 * FakeEngine.samplesPerPatch)
        }
    }

    @Test func idleAndSlowConnectionsDisturbNobody() async throws {
        try await TestServer.run { server in
            let idle = (0..<100).map { _ in server.client() }
            for (index, client) in idle.enumerated() where index % 2 == 0 { client.send("POST /v1/audio/speech HT") }
            let reply = await server.post("/v1/audio/speech", Self.json("wav"))
            #expect(reply.status == 200)
            withExtendedLifetime(idle) {}
        }
    }

    @Test func healthAndMetricsTellWhatIs() async throws {
        try await TestServer.run { server in
            #expect(await server.send("GET", "/health/live").json["status"] as? String == "live")
            #expect(await server.send("GET", "/health/ready").json["status"] as? String == "ready")
            server.engine.state.withLock { $0.engine = .loading(0.5) }
            let loading = await server.send("GET", "/health/ready")
            #expect(loading.status == 503 && loading.headers["retry-after"] != nil)
            _ = await server.send("GET", "/nothing\"\n")
            let page = await server.send("GET", "/metrics").text
            #expect(page.contains("# TYPE mynah_time_to_first_audio_seconds histogram"))
            #expect(page.contains(#"mynah_http_requests_total{path="/health/ready",method="GET",status="503"} 1"#))
            #expect(page.contains("mynah_ready 0"))
            for line in page.split(separator: "\n") where !line.hasPrefix("#") {
                #expect(line.split(separator: " ").last.flatMap { Double($0) } != nil, "\(line)")
            }
        }
    }

    @Test func aTakenPortIsTold() async throws {
        try await TestServer.run { server in
            await #expect(throws: ServerError.addressTaken(host: "127.0.0.1", port: server.port)) {
                try await TestServer.run(FakeEngine(), { $0.port = server.port }) { _ in }
            }
        }
    }
}
