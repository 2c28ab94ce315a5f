import Foundation
import Synchronization

@testable import SpeechEngine
@testable import SpeechServer

/// Stands in for an engine: hums, at a pace that the test sets, on threads of its own as the real one does. Swift's own
/// threads are held by other tests for seconds.
final class FakeEngine: SpeechSource {
    struct State {
        var engine = EngineState.ready
        /// The model's name, and what tells it from others.
        var model = "fake"
        var isChanging = false
        var patches = 5
        var pace: Duration = .milliseconds(2)
        /// From this patch on nothing is hummed until a test takes the hold away or the speech is cancelled: what ends
        /// a held speech did not wait for another patch.
        var heldFrom: Int?

        func holds(_ index: Int) -> Bool { heldFrom.map { index >= $0 } ?? false }
        var refusal: AdmissionError?
        var end = SpeechEnd.complete
        var requests: [SpeechRequest] = []
        var cancelled: [CancelReason] = []
        var underWay = 0
        var count: UInt64 = 0
        var voices: [LoadedModel.Voice] = []
        /// What a test wants the engine to say of itself.
        var tune: @Sendable (inout EngineSnapshot) -> Void = { _ in }
        /// Samples and transcripts of the recordings that voices were made of.
        var recordings: [(count: Int, transcript: String)] = []
        var encoded: Int { recordings.count }
        /// How often all voices were forgotten.
        var forgotten = 0
    }

    static let rate = 16_000
    static let samplesPerPatch = 2_560
    let state: Mutex<State>

    init(_ change: (inout State) -> Void = { _ in }) {
        var state = State()
        change(&state)
        self.state = Mutex(state)
    }

    var loaded: LoadedModel? {
        LoadedModel(
            name: state.withLock { $0.model }, sampleRateHz: Self.rate, secondsPerPatch: 0.16,
            voices: state.withLock { $0.voices }, defaultVoice: state.withLock { $0.voices.first?.name },
            digest: String(state.withLock { $0.model }.utf8.reduce(0) { $0 &* 31 &+ Int($1) }, radix: 16))
    }

    var isChanging: Bool { state.withLock { $0.isChanging } }

    func voice(recording: [Float], transcript: String) async throws(AdmissionError) -> VoicePrompt {
        state.withLock { $0.recordings.append((recording.count, transcript)) }
        return VoicePrompt(text: transcript, latentValues: [Float(recording.count), 1, 2, 3], latentSize: 2)
    }

    func voice(latentValues: [Float], transcript: String) async throws(AdmissionError) -> VoicePrompt {
        VoicePrompt(text: transcript, latentValues: latentValues, latentSize: 2)
    }

    func forgetVoices() async { state.withLock { $0.forgotten += 1 } }

    func tokenCount(of text: String) -> Int { text.count }

    func snapshot() -> EngineSnapshot {
        var snapshot = EngineSnapshot(state: state.withLock { $0.engine })
        snapshot.active = state.withLock { $0.underWay }
        state.withLock { $0.tune }(&snapshot)
        return snapshot
    }

    func stop(draining: Duration) async {
        state.withLock { $0.engine = .draining }
        let deadline = ContinuousClock.now + draining
        while state.withLock({ $0.underWay }) > 0, .now < deadline { try? await Task.sleep(for: .milliseconds(2)) }
        state.withLock { $0.engine = .stopped }
    }

    func submit(_ request: SpeechRequest) async throws(AdmissionError) -> SpeechTicket {
        let (refusal, number, engine) = state.withLock { state in
            state.requests.append(request)
            state.count += 1
            return (state.refusal, state.count, state.engine)
        }
        if let refusal { throw refusal }
        if engine == .draining { throw .draining(retryAfter: .seconds(3)) }
        let channel = EventChannel(resumeSamples: 10 * Self.rate) {}
        state.withLock { $0.underWay += 1 }
        let seed = request.seed ?? 7
        Thread.detachNewThread { self.speak(into: channel, seed: seed) }
        return SpeechTicket(
            id: SpeechID(number: number), seed: seed, sampleRateHz: Self.rate,
            events: SpeechEvents(reader: EventReader(channel)))
    }

    /// A patch of a hum.
    static func patch(_ index: Int) -> [Float] {
        (0..<samplesPerPatch).map { Float(($0 + index * samplesPerPatch) % 100) / 200 - 0.25 }
    }

    private func speak(into channel: EventChannel, seed: UInt64) {
        let (patches, pace, end) = state.withLock { ($0.patches, $0.pace, $0.end) }
        channel.send(.queued(position: 0, eta: .zero))
        channel.send(.started(seed: seed, parts: 1))
        var done = 0
        var reason: CancelReason?
        for index in 0..<patches {
            repeat {
                Thread.sleep(forTimeInterval: pace / .seconds(1))
                reason = channel.cancelReason
            } while reason == nil && state.withLock { $0.holds(index) }
            if reason != nil { break }
            channel.send(.audio(samples: Self.patch(index), start: done))
            done += Self.samplesPerPatch
        }
        state.withLock { state in
            state.underWay -= 1
            if let reason { state.cancelled.append(reason) }
        }
        channel.send(
            .finished(
                SpeechOutcome(
                    end: reason.map { .cancelled($0) } ?? end, seed: seed, seconds: Double(done) / Double(Self.rate),
                    finishReason: nil, retries: [], queueWait: .zero, timeToFirstAudio: .milliseconds(1),
                    total: .milliseconds(2), voice: nil)))
    }
}
