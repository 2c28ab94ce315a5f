import Foundation
import SpeechEngine
import Synchronization
import Testing

@testable import SpeechServer

/// Text that comes in pieces and sound that leaves in frames, over a WebSocket.
struct StreamTests {
    @Test func sentencesAreSpokenAsTheyComplete() async throws {
        try await TestServer.run(FakeEngine { $0.voices = StreamClient.voices }) { server in
            let client = await StreamClient(port: server.port)
            #expect(client.answer.status == 101)
            #expect(client.answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            for piece in ["Good mor", "ning. Sha", "ll we", " begin? Y", "es ", "indeed"] { client.text(piece) }
            let early = await client.frames(until: "audio.done") + (await client.frames(until: "audio.done"))
            #expect(
                early.outline == ["audio.start", "binary", "audio.done", "audio.start", "binary", "audio.done"],
                "two sentences are complete before the end of the text")
            client.done()
            let late = await client.frames(until: "session.done")
            #expect(late.outline == ["audio.start", "binary", "audio.done", "session.done"])
            #expect(late.last?["total_sentences"] as? Int == 3 && late.last?["utterance_index"] as? Int == 0)
            let start = try #require(late.first { $0.type == "audio.start" })
            #expect(start["sentence_text"] as? String == "Yes indeed" && start["sentence_index"] as? Int == 2)
            #expect(start["format"] as? String == "pcm" && start["sample_rate"] as? Int == FakeEngine.rate)
            let done = try #require(late.first { $0.type == "audio.done" })
            #expect(done["total_bytes"] as? Int == late.sound.count && done["error"] as? Bool == false)
            #expect(late.sound.count == 5 * FakeEngine.samplesPerPatch * 2)
            let texts = server.engine.state.withLock {
                $0.requests.map { $0.text.trimmingCharacters(in: .whitespaces) }
            }
            #expect(texts == ["Good morning.", "Shall we begin?", "Yes indeed"])
            let seeds = server.engine.state.withLock { $0.requests.map(\.seed) }
            #expect(seeds == [nil, 7, 7], "the sentences of an utterance share a seed")
        }
    }

    /// Without a voice of its own the model makes one up, and the first part is long enough to be one.
    @Test func aMadeUpVoiceBeginsWithSomeSentences() async throws {
        try await TestServer.run { server in
            let client = await StreamClient(port: server.port)
            client.text("Hello. Yes. This is a sentence of some length, is it not? Short. And")
            client.done()
            let texts = await client.frames(until: "session.done").compactMap { $0["sentence_text"] as? String }
            #expect(texts == ["Hello. Yes. This is a sentence of some length, is it not?", "Short.", "And"])
        }
    }

    @Test func utterancesFollowOneAnother() async throws {
        try await TestServer.run(FakeEngine { $0.voices = StreamClient.voices }) { server in
            let client = await StreamClient(port: server.port, path: "/v1/audio/speech/stream")
            client.configure(#""voice":"alloy","response_format":"wav","stream_audio":false,"seed":3,"model":"tts-1""#)
            for index in 0..<3 {
                client.text("One more. And one.")
                client.done()
                let frames = await client.frames(until: "session.done")
                #expect(frames.last?["utterance_index"] as? Int == index)
                let files = frames.compactMap { if case .binary(let bytes) = $0 { bytes } else { nil } }
                #expect(files.count == 2 && files.allSatisfy { $0.starts(with: Array("RIFF".utf8)) })
            }
            client.done()
            let empty = await client.frames(until: "session.done")
            #expect(empty.outline == ["session.done"] && empty.last?["total_sentences"] as? Int == 0)
            client.say(#"{"type":"session.close"}"#)
            #expect(await client.goodbye() == 1000)
        }
    }

    @Test func aWholeUtteranceCanBeOneRequest() async throws {
        try await TestServer.run(FakeEngine { $0.voices = StreamClient.voices }) { server in
            let client = await StreamClient(port: server.port)
            client.configure(#""split_granularity":"utterance""#)
            client.text("One. Two. Three. ")
            client.text("Four.")
            client.done()
            let frames = await client.frames(until: "session.done")
            #expect(frames.last?["total_sentences"] as? Int == 1)
            #expect(server.engine.state.withLock { $0.requests.map(\.text) } == ["One. Two. Three. Four."])
        }
    }

    @Test func cancellingEndsSpeechWithinAPatchAndTheNextUtteranceIsSpoken() async throws {
        let engine = FakeEngine {
            $0.voices = StreamClient.voices
            $0.heldFrom = 1
        }
        try await TestServer.run(engine) { server in
            let client = await StreamClient(port: server.port)
            client.text("A long story. Another one. And yet another")
            _ = await client.frames { if case .binary = $0 { true } else { false } }
            client.say(#"{"type":"input.cancel"}"#)
            let frames = await client.frames(until: "audio.cancelled")
            #expect(frames.last?["utterance_index"] as? Int == 0)
            #expect(await TestServer.eventually { engine.state.withLock { $0.cancelled } == [.asked] })
            engine.state.withLock { ($0.patches, $0.heldFrom) = (2, nil) }
            client.text("Hello.")
            client.done()
            let next = await client.frames(until: "session.done")
            #expect(next.outline == ["audio.start", "binary", "audio.done", "session.done"])
            #expect(next.last?["utterance_index"] as? Int == 1)
            #expect(engine.state.withLock { $0.requests.count } == 2)
        }
    }

    @Test func aClientThatGoesEndsItsSpeech() async throws {
        let engine = FakeEngine {
            $0.voices = StreamClient.voices
            $0.patches = 1000
            $0.pace = .milliseconds(20)
        }
        try await TestServer.run(engine) { server in
            for isPolite in [true, false] {
                let client = await StreamClient(port: server.port)
                client.text("A long story. Another one")
                _ = await client.frames { if case .binary = $0 { true } else { false } }
                if isPolite { client.send(0x8, [3, 232]) } else { client.raw.hangUp() }
                let count = isPolite ? 1 : 2
                #expect(await TestServer.eventually { engine.state.withLock { $0.cancelled.count } == count })
                if isPolite { #expect(await client.goodbye() == 1000) }
            }
            #expect(engine.state.withLock { $0.underWay } == 0)
        }
    }

    @Test func aClientThatDoesNotReadLosesItsConnection() async throws {
        let engine = FakeEngine {
            $0.voices = StreamClient.voices
            $0.patches = 20_000
            $0.pace = .zero
        }
        try await TestServer.run(engine, { $0.limits.writeTime = .milliseconds(300) }) { server in
            let client = await StreamClient(port: server.port)
            client.text("A very long story.")
            client.done()
            #expect(await TestServer.eventually { engine.state.withLock { $0.underWay } == 1 })
            #expect(await TestServer.eventually { engine.state.withLock { !$0.cancelled.isEmpty || $0.underWay == 0 } })
            let frames = await client.frames { _ in false }
            #expect(!frames.outline.contains("session.done"), "the connection was cut")
        }
    }

    @Test func aLateReaderIsToldWhyItsSpeechEnded() async throws {
        let engine = FakeEngine {
            $0.voices = StreamClient.voices
            $0.end = .cancelled(.slowReader)
        }
        try await TestServer.run(engine) { server in
            let client = await StreamClient(port: server.port)
            client.text("Hello.")
            client.done()
            let frames = await client.frames { if case .close = $0 { true } else { false } }
            #expect(frames.outline == ["audio.start", "binary", "error", "audio.done", "close"])
            #expect(frames.first { $0.type == "error" }?["code"] as? String == "slow_reader")
            #expect(frames.last == .close(1008))
        }
    }

    @Test func refusalsAreErrorsAndTheConnectionGoesOn() async throws {
        let engine = FakeEngine {
            $0.voices = StreamClient.voices
            $0.refusal = .queueFull(capacity: 1, retryAfter: .seconds(4))
        }
        try await TestServer.run(engine) { server in
            let client = await StreamClient(port: server.port)
            client.text("Hello.")
            client.done()
            let frames = await client.frames(until: "session.done")
            #expect(frames.outline == ["error", "session.done"])
            #expect(frames[0]["code"] as? String == "queue_full" && frames[0]["retry_after_seconds"] as? Int == 4)
            #expect(frames.last?["error"] as? Bool == true)
            engine.state.withLock { $0.refusal = nil }
            client.text("Hello.")
            client.done()
            #expect(await client.frames(until: "session.done").outline.contains("binary"))
        }
    }

    @Test func stoppingEndsStreamsAfterTheirSentence() async throws {
        let engine = FakeEngine {
            $0.voices = StreamClient.voices
            $0.patches = 10
            $0.heldFrom = 3
        }
        try await TestServer.run(engine) { server in
            let idle = await StreamClient(port: server.port)
            let busy = await StreamClient(port: server.port)
            busy.text("One sentence. Another. And")
            _ = await busy.frames { if case .binary = $0 { true } else { false } }
            server.stop()
            #expect(await idle.goodbye() == 1001)
            let late = await StreamClient(port: server.port)
            #expect(late.answer.status == 503 && late.answer.errorCode == "draining")
            engine.state.withLock { $0.heldFrom = nil }
            let rest = await busy.frames { if case .close = $0 { true } else { false } }
            #expect(rest.outline == ["binary", "audio.done", "error", "close"])
            #expect(rest.last == .close(1001))
        }
    }
}
