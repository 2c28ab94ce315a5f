import Foundation
import SpeechStore
import Synchronization
import Testing

@testable import SpeechEngine
@testable import SpeechServer

/// What streams share with all other ways to speak: own voices, the history, limits of keys, and models that change.
struct StreamKeepingTests {
    private static func newVoice(_ name: String) throws -> NewVoice {
        NewVoice(
            name: name, transcript: "What is said.", consent: "Ada agreed.",
            reference: NewAudio(.bytes(Data(try TestSound.wav(seconds: 3))), mediaType: "audio/wav"))
    }

    private static func speaker() -> FakeEngine { FakeEngine { $0.voices = StreamClient.voices } }

    private static func say(_ client: StreamClient, _ text: String) async -> [StreamClient.Frame] {
        client.text(text)
        client.done()
        return await client.frames(until: "session.done")
    }

    @Test func ownVoicesSpeakInStreams() async throws {
        try await TestServer.withStore(Self.speaker()) { server, store in
            let saved = try await store.addVoice(try Self.newVoice("Grace"))
            let client = await StreamClient(port: server.port)
            for name in ["grace", saved.id.description] {
                client.configure("\"voice\":\"\(name)\"")
                #expect(await Self.say(client, "Hello. And more.").outline.contains("binary"))
            }
            let prompts = server.engine.state.withLock { $0.requests.map(\.voice) }
            #expect(prompts.count == 4)
            #expect(
                prompts.allSatisfy {
                    if case .prompt(let prompt) = $0 { prompt.text == "What is said." } else { false }
                })
            #expect(server.engine.state.withLock { $0.encoded } == 1, "encoded once, then kept for the model")
            let entries = try await store.history(owner: nil, before: nil, limit: 9)
            #expect(entries.map(\.voiceName) == ["Grace", "Grace"])
            // A voice that is gone speaks no more, whoever has begun with it.
            try await store.deleteVoice(saved.id, spoken: .deleted)
            let late = await Self.say(client, "Hello.")
            #expect(late.outline == ["error", "session.done"] && late[0]["code"] as? String == "voice_not_found")
            client.configure(#""voice":"Grace""#)
            #expect(await client.next()?["code"] as? String == "voice_not_found")
            client.configure(#""voice":"ada""#)
            #expect(await Self.say(client, "Hello.").outline.contains("binary"))
        }
    }

    /// For people an utterance is one thing that was said.
    @Test func anUtteranceIsAnEntryOfTheHistory() async throws {
        try await TestServer.withStore(Self.speaker()) { server, store in
            let client = await StreamClient(port: server.port)
            client.configure(#""voice":"ada","seed":5,"cfg":1.5"#)
            let done = await Self.say(client, "Good morning. Shall we begin?").last
            let id = try #require(done?["history_id"] as? String)
            let entry = await server.send("GET", "/api/v1/history/\(id)").json
            #expect(entry["text"] as? String == "Good morning. Shall we begin?")
            #expect(entry["seed"] as? String == "5" && entry["voice"] as? String == "ada")
            #expect((entry["parameters"] as? [String: Any])?["cfg"] as? Double == 1.5)
            #expect(entry["seconds"] as? Double == 2 * 5 * 0.16)
            #expect(await server.send("GET", "/api/v1/history/\(id)/audio").status == 200)

            client.configure(#""history":false"#)
            #expect(await Self.say(client, "A secret.").last?["history_id"] == nil)
            client.configure()
            server.engine.state.withLock { $0.heldFrom = 1 }
            client.text("This is cancelled. And so on")
            _ = await client.frames { if case .binary = $0 { true } else { false } }
            client.say(#"{"type":"input.cancel"}"#)
            server.engine.state.withLock { $0.heldFrom = nil }
            _ = await client.frames(until: "audio.cancelled")
            try await store.changeSettings { $0.keepsHistory = false }
            #expect(await Self.say(client, "Nobody keeps this.").last?["history_id"] == nil)
            #expect(try await store.history(owner: nil, before: nil, limit: 9).count == 1)
        }
    }

    /// Where the parts of an utterance lie in its text and its sound.
    @Test func marksOfFollowingSpeechesAreMoved() async throws {
        try await TestServer.withStore { _, store in
            let outcome = SpeechOutcome(
                end: .complete, seed: 3, seconds: 0.5, finishReason: nil, retries: [.tooLong], queueWait: .seconds(1),
                timeToFirstAudio: .seconds(2), total: .seconds(2), voice: nil)
            let recorder = HistoryRecorder(
                store, request: SpeechRequest("Één. "), voice: ChosenVoice(), model: "fake", sampleRateHz: 16_000,
                owner: nil, logger: TestServer.silent)
            for text in ["Één. ", "Two."] {
                if text == "Two." { await recorder.follow(text) }
                await recorder.take(.audio(samples: Array(repeating: 0.1, count: 8000), start: 0))
                await recorder.take(
                    .mark(
                        SpeechMark(
                            index: 0, text: text, textRange: 0..<4, samples: 100..<8000, pauseSamples: 0)))
                await recorder.take(.finished(outcome))
            }
            #expect(await recorder.keep())
            #expect(await !recorder.keep(), "once")
            let entry = try await store.historyEntry(recorder.id)
            let timings: KeptTimings = try entry.timings.decode()
            #expect(entry.text == "Één. Two." && entry.seed == 3 && timings.samples == 16_000)
            #expect(
                timings.rtf == 2 && timings.first_audio_seconds == 2 && timings.retries == ["too_long", "too_long"])
            #expect(timings.marks.map(\.index) == [0, 1] && timings.marks.map(\.text_start) == [0, 5])
            #expect(
                timings.marks.map(\.start_sample) == [100, 8100] && timings.marks.map(\.end_sample) == [8000, 16_000])
        }
    }

    /// A key's limits may make a sentence wait, and never lose it.
    @Test func sentencesWaitForTheirTurn() async throws {
        try await TestServer.withStore(
            Self.speaker(),
            {
                $0.keys = GivenKeys()
                $0.limits.meterTime = .milliseconds(500)
            }
        ) { server, store in
            let (key, secret) = try await store.addKey(
                name: "narrow", limits: KeyLimits(requestsPerMinute: 1), isAdmin: false)
            let client = await StreamClient(port: server.port, ["Authorization": "Bearer \(secret)"])
            client.text("One. Two. Three.")
            client.done()
            let frames = await client.frames(until: "session.done")
            let spoken = frames.filter { $0.type == "audio.start" }.map { $0["sentence_text"] as? String }
            #expect(spoken == ["One.", "Two.", "Three."])
            #expect(!frames.contains { $0.type == "error" } && frames.last?["error"] as? Bool == false)
            #expect(frames.contains { $0.type == "queue" && $0["eta"] as? Double == 1 }, "why nothing is heard is told")
            let kept = try await store.history(owner: key.id, before: nil, limit: 9)
            #expect(kept.map(\.text) == ["One. Two. Three."])
        }
    }

    /// The first sentence is refused as any request is, and with it the utterance: nothing is said in part.
    @Test func anUtteranceIsRefusedAsAWhole() async throws {
        try await TestServer.withStore(Self.speaker(), { $0.keys = GivenKeys() }) { server, store in
            let (_, secret) = try await store.addKey(
                name: "narrow", limits: KeyLimits(requestsPerMinute: 1), isAdmin: false)
            let client = await StreamClient(port: server.port, ["Authorization": "Bearer \(secret)"])
            #expect(await Self.say(client, "One.").outline.contains("binary"))
            let refused = await Self.say(client, "One. Two.")
            #expect(refused.outline == ["error", "session.done"], "\(refused.outline)")
            #expect(refused[0]["code"] as? String == "rate_limit_exceeded" && refused.last?["error"] as? Bool == true)
            #expect(refused[0]["retry_after_seconds"] is Int)
        }
    }

    @Test func sentencesWaitForRoomInTheEngine() async throws {
        let engine = Self.speaker()
        engine.state.withLock { $0.heldFrom = 0 }
        try await TestServer.run(engine) { server in
            let client = await StreamClient(port: server.port)
            client.text("One. Two. Three of them")
            #expect(await TestServer.eventually { engine.state.withLock { $0.underWay } == 1 })
            engine.state.withLock { state in
                state.refusal = .queueFull(capacity: 1, retryAfter: .seconds(1))
                state.heldFrom = nil
            }
            #expect(await TestServer.eventually { engine.state.withLock { $0.requests.count } > 1 })
            engine.state.withLock { $0.refusal = nil }
            client.done()
            let frames = await client.frames(until: "session.done")
            #expect(frames.filter { $0.type == "audio.start" }.count == 3 && frames.last?["error"] as? Bool == false)
        }
    }

    /// What never gets its turn is told in the end, and the stream goes on.
    @Test func sentencesDoNotWaitForEver() async throws {
        let engine = Self.speaker()
        engine.state.withLock { $0.heldFrom = 0 }
        try await TestServer.run(engine, { $0.limits.turnTime = .milliseconds(300) }) { server in
            let client = await StreamClient(port: server.port)
            client.text("One. Two. Three of them")
            #expect(await TestServer.eventually { engine.state.withLock { $0.underWay } == 1 })
            engine.state.withLock { state in
                state.refusal = .queueFull(capacity: 1, retryAfter: .seconds(1))
                state.heldFrom = nil
            }
            client.done()
            let frames = await client.frames(until: "session.done")
            #expect(frames.filter { $0.type == "audio.start" }.count == 1 && frames.last?["error"] as? Bool == true)
            #expect(frames.first { $0.type == "error" }?["code"] as? String == "queue_full")
            engine.state.withLock { $0.refusal = nil }
            #expect(await Self.say(client, "Hello.").outline.contains("binary"))
        }
    }

    @Test func streamsOutliveTheirModel() async throws {
        let engine = Self.speaker()
        try await TestServer.withStore(engine) { server, store in
            _ = try await store.addVoice(try Self.newVoice("Grace"))
            let client = await StreamClient(port: server.port)
            client.configure(#""voice":"Grace""#)
            #expect(await Self.say(client, "Hello.").outline.contains("binary"))
            engine.state.withLock { state in
                state.engine = .draining
                state.isChanging = true
            }
            // The one who looks after the stream looks every second.
            try await Task.sleep(for: .milliseconds(1500))
            client.text("After the change. And on it goes")
            engine.state.withLock { $0.engine = .loading(0.5) }
            _ = await client.frames(until: "queue")
            engine.state.withLock { state in
                state.model = "another"
                state.engine = .ready
                state.isChanging = false
            }
            client.done()
            let frames = await client.frames(until: "session.done")
            #expect(frames.filter { $0.type == "audio.start" }.count == 2 && frames.last?["error"] as? Bool == false)
            #expect(engine.state.withLock { $0.encoded } == 2, "each model encodes the voice for itself")
            // What no longer fits is told, and the stream goes on.
            client.configure(#""voice":"ada""#)
            #expect(await Self.say(client, "Hello.").outline.contains("binary"))
            engine.state.withLock { state in
                state.model = "a third"
                state.voices = []
            }
            let misfit = await Self.say(client, "Hello.")
            #expect(misfit.outline == ["error", "session.done"] && misfit[0]["code"] as? String == "voice_not_found")
            engine.state.withLock { $0.engine = .unloaded }
            let end = await client.frames { if case .close = $0 { true } else { false } }
            #expect(end.first { $0.type == "error" }?["code"] as? String == "model_not_loaded")
            #expect(end.last == .close(1001))
        }
    }
}
