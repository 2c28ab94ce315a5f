import Foundation
import SpeechEngine
import TestSupport
import Testing
import VoxCPM

@testable import SpeechServer

/// The server in front of the engine that it is made for, with a tiny model.
struct RealEngineTests {
    private static func post(_ seed: Int, port: Int) async -> RawClient.Reply {
        let json =
            #"{"text":"Good morning.","format":"pcm","stream":"audio","seed":\#(seed),"steps":2,"max_seconds":1,"attempts":1}"#
        let client = RawClient(port: port)
        client.send(
            TestServer.head("POST", "/api/v1/speech", ["Content-Type": "application/json"], length: json.utf8.count)
                + json)
        return await client.reply()
    }

    /// The same over a WebSocket, in pieces.
    private static func streamed(_ seed: Int, port: Int) async -> [UInt8] {
        let client = await StreamClient(port: port)
        client.configure("\"seed\":\(seed),\"steps\":2,\"max_seconds\":1,\"attempts\":1")
        for piece in ["Go", "od mor", "ning."] { client.text(piece) }
        client.done()
        return await client.frames(until: "session.done").sound
    }

    /// An engine with the tiny model.
    private static func engine() async throws -> SpeechEngine {
        let engine = SpeechEngine()
        let folder = Fixtures.folder.appendingPathComponent("v15/checkpoint")
        try await engine.load { _ in
            try SpeechModel(folder: folder) { try VoxCPMModel($0, threads: 1) }
        }
        return engine
    }

    @Test func soundIsTheEngines() async throws {
        let engine = try await Self.engine()
        try await TestServer.serve(engine) { port, _ in
            var alone: [[UInt8]] = []
            for seed in 0..<3 {
                let reply = await Self.post(seed, port: port)
                #expect(reply.status == 200 && reply.isComplete && !reply.body.isEmpty)
                alone.append(reply.body)
            }
            let together = await withTaskGroup(of: (Int, [UInt8]).self) { group in
                for seed in 0..<3 { group.addTask { (seed, await Self.post(seed, port: port).body) } }
                return await group.reduce(into: [Int: [UInt8]]()) { $0[$1.0] = $1.1 }
            }
            #expect(alone == (0..<3).map { together[$0] ?? [] }, "neighbours changed what was said")
            #expect(await Self.streamed(1, port: port) == alone[1], "over a WebSocket it is something else")
            var request = SpeechRequest("Good morning.")
            request.seed = 1
            request.steps = 2
            request.maxSeconds = 1
            request.attempts = 1
            let direct = await (try engine.submit(request)).collect()
            #expect(abs(alone[1].count - 2 * direct.samples.count) == 0)
            #expect(engine.snapshot().takenPlaces == 0)
        }
        #expect(engine.state == .stopped)
    }

    @Test func speedIsTheSameEverywhere() async throws {
        let engine = try await Self.engine()
        try await TestServer.serve(engine) { port, _ in
            func post(_ path: String, _ fields: String) async -> RawClient.Reply {
                let json = "{\(fields),\"seed\":1,\"steps\":2,\"max_seconds\":9,\"attempts\":1}"
                let client = RawClient(port: port)
                client.send(
                    TestServer.head("POST", path, ["Content-Type": "application/json"], length: json.utf8.count) + json)
                return await client.reply()
            }
            let native = #""text":"Good morning.","format":"pcm""#
            let usual = await post("/api/v1/speech", native)
            let whole = await post("/api/v1/speech", native + #","speed":2"#)
            let streamed = await post("/api/v1/speech", native + #","speed":2,"stream":"audio""#)
            #expect(usual.status == 200 && whole.status == 200 && streamed.status == 200)
            #expect(whole.body == streamed.body, "a stream is something else than its whole")
            let share: Double = Double(whole.body.count) / Double(usual.body.count)
            #expect(share > 0.49 && share < 0.51, "\(share)")
            let openAI = await post(
                "/v1/audio/speech",
                #""input":"Good morning.","model":"voxcpm-1.5","voice":"alloy","response_format":"pcm","speed":2"#)
            #expect(openAI.body == whole.body)

            let events = await post("/api/v1/speech", native + #","speed":2,"stream":"events""#).text
            let seconds = Double(whole.body.count / 2) / 44_100
            for (event, field) in [("mark", "end_seconds"), ("done", "seconds")] {
                let line = events.components(separatedBy: "\n\n").last { $0.hasPrefix("event: \(event)\n") } ?? ""
                let data = Data((line.components(separatedBy: "data: ").last ?? "").utf8)
                let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
                let told = object?[field] as? Double ?? 0
                #expect(abs(told - seconds) < 0.001, "\(event): \(told) s, but \(seconds) s are heard")
            }

            let client = await StreamClient(port: port)
            client.configure("\"seed\":1,\"steps\":2,\"max_seconds\":9,\"attempts\":1,\"speed\":2")
            client.text("Good morning.")
            client.done()
            #expect(await client.frames(until: "session.done").sound == whole.body)

            let refused = await post("/api/v1/speech", native + #","speed":5"#)
            #expect(refused.status == 400 && refused.text.contains("speed must be 0.25 to 4"))
        }
    }
}
