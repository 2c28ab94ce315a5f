import Compute
import Foundation
import SpeechEngine
import Testing
import VoxCPM

/// What is refused, and how.
struct AdmissionTests {
    @Test func whatCannotBeSpokenNeverWaits() async throws {
        let engine = try await TinyEngine.ready { $0.textLimitBytes = 100 }
        func refusal(_ change: (inout SpeechRequest) -> Void) async -> AdmissionError? {
            var request = TinyEngine.request()
            change(&request)
            do {
                _ = try await engine.submit(request)
                return nil
            } catch {
                return error
            }
        }
        #expect(await refusal { $0.text = "" }?.label == "invalid")
        #expect(await refusal { $0.text = "… !? 🙂" }?.label == "invalid")
        #expect(
            await refusal { $0.text = String(repeating: "word ", count: 50) }
                == .textTooLong(bytes: 250, limitBytes: 100))
        #expect(await refusal { $0.cfg = -1 } == .invalid(.cfg, value: "-1", expected: "0 to 100"))
        #expect(await refusal { $0.cfg = .nan }?.label == "invalid")
        #expect(await refusal { $0.temperature = 11 }?.label == "invalid")
        #expect(await refusal { $0.steps = 0 } == .invalid(.steps, value: "0", expected: "1 to 1000"))
        #expect(await refusal { $0.maxSeconds = 0 }?.label == "invalid")
        #expect(await refusal { $0.attempts = 21 }?.label == "invalid")
        #expect(await refusal { $0.heldBackSeconds = -.infinity }?.label == "invalid")
        #expect(await refusal { $0.pauses.sentence = 11 }?.label == "invalid")
        #expect(await refusal { $0.queueDeadline = .seconds(-1) }?.label == "invalid")
        #expect(await refusal { $0.voice = .builtIn("nobody") } == .unknownVoice(name: "nobody", available: []))
        let strange = VoicePrompt(text: "Hello.", latentValues: [1, 2, 3, 4], latentSize: 2)
        #expect(await refusal { $0.voice = .prompt(strange) }?.label == "invalid")
        let broken = VoicePrompt(
            text: "Hello.", latentValues: Array(repeating: .nan, count: 64), latentSize: 16)
        #expect(await refusal { $0.voice = .prompt(broken) }?.label == "invalid")
        let long = VoicePrompt(
            text: "Hello.", latentValues: Array(repeating: 0, count: 64 * 250), latentSize: 16)
        guard case .memory(let positions, 256, let bytes)? = await refusal({ $0.voice = .prompt(long) }) else {
            Issue.record("a voice that fills the memory was taken")
            return
        }
        #expect(positions > 256 && bytes > 0)
        #expect(engine.snapshot().isEmpty)
        #expect(engine.snapshot().counters.accepted == 0)
    }

    @Test func anEngineWithoutAModelSaysSo() async throws {
        let engine = SpeechEngine()
        await #expect(throws: AdmissionError.unloaded) { try await engine.submit(TinyEngine.request()) }
        struct Broken: Error {}
        await #expect(throws: Broken.self) { try await engine.load { _ in throw Broken() } }
        #expect(engine.state == .unloaded)
        try await engine.load { progress in
            progress(0.5)
            return try TinyEngine.model()
        }
        #expect(engine.state == .ready)
        #expect(engine.snapshot().memory?.capacity.positions == 256)
        await #expect(throws: EngineLoadError.busy(.ready)) { try await engine.load { _ in try TinyEngine.model() } }
    }

    @Test func aModelThatDoesNotFitIsRefusedWithNumbers() async throws {
        var configuration = EngineConfiguration()
        configuration.memoryLimitBytes = 1000
        let engine = SpeechEngine(configuration)
        await #expect { try await engine.load { _ in try TinyEngine.model() } } throws: { error in
            guard case .memory(let needed, 1000, 8)? = error as? EngineLoadError else { return false }
            return needed > 1000
        }
        #expect(engine.state == .unloaded)
    }

    @Test func aRecordingIsEncodedOnce() async throws {
        let engine = try await TinyEngine.ready()
        let recording = (0..<44_100).map { 0.3 * sin(Float($0) / 40) }
        async let first = engine.voice(recording: recording, transcript: "Hello.")
        async let second = engine.voice(recording: recording, transcript: "Hello.")
        let (one, other) = try await (first, second)
        #expect(one.latents.storage === other.latents.storage)
        #expect(one.latentValues == (try TinyEngine.model().model.encodePrompt(recording)).values())
        let third = try await engine.voice(recording: recording, transcript: "Hello again.")
        #expect(third.latents.storage === one.latents.storage)
        #expect(third.text == "Hello again.")
        let different = try await engine.voice(recording: recording.map { -$0 }, transcript: "Hello.")
        #expect(different.latents.storage !== one.latents.storage)
        #expect(engine.snapshot().voiceCacheBytes == 2 * 4 * one.latentValues.count)
        var request = TinyEngine.request()
        request.voice = .prompt(one)
        #expect(await (try await engine.submit(request)).collect().outcome?.isSpoken == true)
        await #expect(throws: AdmissionError.self) { try await engine.voice(recording: [], transcript: "Hello.") }
        await #expect(throws: AdmissionError.self) { try await engine.voice(recording: [.nan], transcript: "Hello.") }
        await #expect(throws: AdmissionError.self) { try await engine.voice(recording: recording, transcript: "?") }
    }

    @Test func voicesThatWereNotUsedLatelyAreForgotten() async throws {
        let engine = try await TinyEngine.ready { $0.voiceCacheBytes = 1 }
        let recording = (0..<44_100).map { 0.3 * sin(Float($0) / 40) }
        let first = try await engine.voice(recording: recording, transcript: "Hello.")
        let second = try await engine.voice(recording: recording, transcript: "Hello.")
        #expect(first.latentValues == second.latentValues)
        #expect(engine.snapshot().voiceCacheBytes == 0)
    }
}
