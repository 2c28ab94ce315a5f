import Foundation
import SpeechEngine
import Synchronization
import TestSupport
import Testing
import VoxCPM

@testable import SpeechServer

/// Two models that have nothing in common, switched under people who speak.
struct ModelSwitchTests {
    private static let nano = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("models/nano")

    private static func make(_ name: String) throws -> SpeechModel {
        let folder = name == "nano" ? nano : Fixtures.folder.appendingPathComponent("v15/checkpoint")
        let model = try SpeechModel(folder: folder) { try VoxCPMModel($0, threads: 1) }
        return SpeechModel(
            name: name, model: model.model, feed: model.feed, generation: model.generation, digest: model.digest)
    }

    private static let body =
        #"{"text":"Good morning.","format":"pcm","stream":"audio","seed":1,"steps":2,"max_seconds":0.5,"attempts":1}"#

    private static func post(_ path: String, _ json: String, port: Int) async -> RawClient.Reply {
        let client = RawClient(port: port)
        client.send(
            TestServer.head("POST", path, ["Content-Type": "application/json"], length: json.utf8.count) + json)
        return await client.reply()
    }

    /// Says to all when it is over.
    private final class Bell: Sendable {
        private let state = Mutex(false)

        var hasRung: Bool { state.withLock { $0 } }
        func ring() { state.withLock { $0 = true } }
    }

    @Test func nobodyLosesAnything() async throws {
        let keeper = ModelKeeper(
            SpeechEngine(),
            shelf: ModelKeeper.Shelf {
                ["nano", "tiny"]
            } make: { name, _ in
                try Self.make(name)
            },
            chosen: "tiny")
        try await keeper.loadFirst()
        try await TestServer.serve(keeper, models: keeper) { port, _ in
            let stream = await StreamClient(port: port)
            stream.configure(#""seed":1,"steps":2,"max_seconds":0.5,"attempts":1"#)
            let bell = Bell()
            let people = Task {
                await withTaskGroup(of: [RawClient.Reply].self) { group in
                    for _ in 0..<2 {
                        group.addTask {
                            var replies: [RawClient.Reply] = []
                            while !bell.hasRung {
                                replies.append(await Self.post("/api/v1/speech", Self.body, port: port))
                                try? await Task.sleep(for: .milliseconds(20))
                            }
                            return replies
                        }
                    }
                    return await group.reduce(into: []) { $0 += $1 }
                }
            }
            var rates: [Int] = []
            for name in ["nano", "tiny"] {
                let reply = await Self.post("/api/v1/models/load", "{\"model\":\"\(name)\"}", port: port)
                #expect(reply.status == 202)
                // Said while the model changes: it waits, and is spoken by the one that comes.
                stream.text("Good morning.")
                stream.done()
                let frames = await stream.frames(until: "session.done")
                #expect(frames.last?["error"] as? Bool == false && !frames.sound.isEmpty, "\(frames.outline)")
                rates += frames.compactMap { $0["sample_rate"] as? Int }
                #expect(await TestServer.eventually { !keeper.isChanging && keeper.loaded?.name == name })
            }
            #expect(rates == [24_000, 44_100])
            bell.ring()
            let replies = await people.value
            let spoken = replies.filter { $0.status == 200 }
            #expect(
                !spoken.isEmpty && spoken.allSatisfy { $0.isComplete && !$0.body.isEmpty }, "what was begun was said")
            for rate in ["24000", "44100"] {
                let sounds = Set(spoken.filter { $0.headers["x-audio-sample-rate"] == rate }.map(\.body))
                #expect(sounds.count <= 1, "a model says the same every time")
            }
            let refused = replies.filter { $0.status != 200 }
            #expect(
                refused.allSatisfy {
                    $0.status == 503 && $0.headers["retry-after"] != nil
                        && ["draining", "model_loading", "model_not_loaded"].contains($0.errorCode ?? "")
                }, "\(Set(refused.map { "\($0.status) \($0.errorCode ?? "")" }))")
            let now = keeper.snapshot()
            #expect(now.takenPlaces == 0 && now.active == 0 && now.queueDepth == 0 && now.owners.isEmpty)
        }
    }
}
