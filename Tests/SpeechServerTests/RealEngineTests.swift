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

    @Test func soundIsTheEngines() async throws {
        let engine = SpeechEngine()
        let folder = Fixtures.folder.appendingPathComponent("v15/checkpoint")
        try await engine.load { _ in
            try SpeechModel(folder: folder) { try VoxCPMModel($0, threads: 1) }
        }
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
}
