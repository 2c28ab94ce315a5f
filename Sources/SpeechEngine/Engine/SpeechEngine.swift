import Compute
import Dispatch
import Foundation
import Synchronization
import VoxCPM

/// Requests in, streams of audio out: the door of the house's engine.
///
/// The actor checks and counts; one thread of its own computes. Requests are spoken together, patch by patch, and what
/// each says does not depend on the others. See `docs/ARCHITECTURE.md`.
public actor SpeechEngine {
    public nonisolated let configuration: EngineConfiguration
    private nonisolated let ledger: EngineLedger
    private nonisolated let loaded = Mutex<LoadedParts?>(nil)
    /// Reads texts: a long one takes a while, and neither the actor nor Swift's own threads should.
    private nonisolated let readingQueue = DispatchQueue(label: "mynah.reading", attributes: .concurrent)
    private var voices: VoiceCache

    /// An engine without a model.
    ///
    /// - Parameter observer: Hears what happens, for metrics.
    public init(
        _ configuration: EngineConfiguration = EngineConfiguration(), observer: any EngineObserver = NoObserver()
    ) {
        self.configuration = configuration
        ledger = EngineLedger(observer)
        voices = VoiceCache(byteLimit: configuration.voiceCacheBytes)
    }

    deinit { loaded.withLock { $0 }?.mailbox.drain(until: .now) }

    /// What the engine is doing.
    public nonisolated var state: EngineState { ledger.engineState }

    /// The model that is loaded; nil also while it is being loaded again because its device has failed.
    public nonisolated var model: SpeechModel? { loaded.withLock { $0 }?.parts?.model }

    /// Whether the model is being loaded again because its device has failed. Requests that come meanwhile wait for it.
    public nonisolated var isRecovering: Bool { ledger.isRecovering }

    /// The engine at this moment.
    public nonisolated func snapshot() -> EngineSnapshot { ledger.snapshot }

    // MARK: Life

    /// Loads a model, on a thread of its own, and lays out the memory for it. Where its device fails, it is loaded on it
    /// once more; see ``load(onFault:_:)``.
    ///
    /// - Parameter make: Makes the model, and reports how far it is, 0 to 1.
    /// - Throws: ``EngineLoadError``, and what `make` throws; the engine is unloaded again then.
    public func load(
        _ make: @escaping @Sendable (_ progress: @escaping @Sendable (Double) -> Void) throws -> SpeechModel
    ) async throws {
        try await load { place, progress in
            if place == .processor { throw EngineLoadError.noOtherPlace }
            return try make(progress)
        }
    }

    /// Loads a model that may be made in several places, on a thread of its own, and lays out the memory for it.
    ///
    /// Where its device fails while it computes, those that are being spoken end with ``SpeechEnd/deviceFailed(_:)``,
    /// nothing of the model is kept, and it is made again: on its device, or on the processor where the device has failed
    /// before within ``EngineConfiguration/recoveryWindow`` or does not come back. Whoever waits goes on waiting, and
    /// requests that come meanwhile wait, too. Where the model cannot be made at all any more, the engine is unloaded.
    ///
    /// - Parameters:
    ///   - onFault: Hears of failures, on the engine's thread.
    ///   - make: Makes the model in a place, and reports how far it is, 0 to 1.
    /// - Throws: ``EngineLoadError``, and what `make` throws; the engine is unloaded again then.
    public func load(
        onFault: @escaping @Sendable (DeviceFault) -> Void = { _ in },
        _ make:
            @escaping @Sendable (_ place: ModelPlace, _ progress: @escaping @Sendable (Double) -> Void) throws
            -> SpeechModel
    ) async throws {
        // Where a failure has left nothing, what remains of it goes first.
        if let old = loaded.withLock({ $0 }), ledger.engineState == .unloaded { await leave(old, draining: .zero) }
        try ledger.beginLoading()
        let (configuration, ledger) = (configuration, ledger)
        do {
            let loaded: LoadedParts = try await withCheckedThrowingContinuation { continuation in
                EngineThread.start(configuration, ledger, make, onFault: onFault) { continuation.resume(with: $0) }
            }
            self.loaded.withLock { $0 = loaded }
            guard let parts = loaded.parts,
                ledger.ready(parts.preparation.memory, sampleRateHz: parts.model.sampleRateHz)
            else {
                await leave(loaded, draining: .zero)
                throw EngineLoadError.busy(.stopped)
            }
        } catch {
            ledger.move(to: .unloaded)
            throw error
        }
    }

    /// Gives the model back: takes nothing more, finishes what is under way, and is unloaded then.
    ///
    /// - Parameter draining: How long requests may go on; after that they are cancelled with
    ///   ``CancelReason/shutdown``.
    public func unload(draining: Duration = .seconds(30)) async {
        guard let loaded = loaded.withLock({ $0 }) else { return }
        ledger.move(to: .draining)
        await leave(loaded, draining: draining)
        ledger.move(to: .unloaded)
    }

    /// Unloads and takes nothing ever after.
    public func stop(draining: Duration = .seconds(30)) async {
        await unload(draining: draining)
        ledger.move(to: .stopped)
    }

    private func leave(_ loaded: LoadedParts, draining: Duration) async {
        loaded.mailbox.drain(until: .now + draining)
        await loaded.mailbox.waitForEnd()
        self.loaded.withLock { if $0?.mailbox === loaded.mailbox { $0 = nil } }
    }

    // MARK: Requests

    /// Takes a request in.
    ///
    /// What cannot be spoken is refused before it waits. The parts of the text are cut here, off the engine's thread.
    ///
    /// - Throws: ``AdmissionError``.
    public func submit(_ request: SpeechRequest) async throws(AdmissionError) -> SpeechTicket {
        do throws(AdmissionError) {
            return try await admit(request)
        } catch {
            ledger.refused(error)
            throw error
        }
    }

    private func admit(_ request: SpeechRequest) async throws(AdmissionError) -> SpeechTicket {
        try request.check(configuration)
        let acceptedAt = ContinuousClock.now
        await settle()
        let id = try ledger.reserve(owner: request.owner, configuration)
        do throws(AdmissionError) {
            guard let loaded = loaded.withLock({ $0 }), let parts = loaded.parts else { throw AdmissionError.unloaded }
            // As torch does, seeds use 32 bits.
            let seed = request.seed ?? UInt64(UInt32.random(in: 0 ... .max))
            let prepared = try await off { () throws(AdmissionError) in
                try parts.preparation.prepare(request, seed: seed)
            }
            let rate = parts.model.sampleRateHz
            let channel = EventChannel(resumeSamples: configuration.bufferSamples(rate) / 2) {
                [mailbox = loaded.mailbox] in
                mailbox.ring()
            }
            let queueDeadline = min(request.queueDeadline ?? configuration.queueDeadline, configuration.queueDeadline)
            let totalDeadline = [request.totalDeadline, configuration.totalDeadline].compactMap(\.self).min()
            let accepted = AcceptedRequest(
                id: id, owner: request.owner, request: prepared, channel: channel, acceptedAt: acceptedAt,
                queueDeadline: acceptedAt + queueDeadline, totalDeadline: totalDeadline.map { acceptedAt + $0 })
            ledger.accepted(expectedSamples: prepared.expectedSamples)
            guard loaded.mailbox.post(accepted) else {
                ledger.revoked(expectedSamples: prepared.expectedSamples)
                throw AdmissionError.draining(retryAfter: .seconds(5))
            }
            return SpeechTicket(
                id: id, seed: seed, sampleRateHz: rate, events: SpeechEvents(reader: EventReader(channel)))
        } catch {
            ledger.withdraw(owner: request.owner)
            throw error
        }
    }

    /// Makes a voice of a recording. The same recording is encoded once, and kept as long as
    /// ``EngineConfiguration/voiceCacheBytes`` has room.
    ///
    /// Encoding happens between two patches of those who speak, who wait for it: about a sixth of the recording's length
    /// with VoxCPM-1.5 on two cores (`docs/benchmarks.md`).
    ///
    /// - Parameters:
    ///   - recording: Mono samples at ``SpeechModel/sampleRateHz``.
    ///   - transcript: What is said in it, word for word.
    /// - Throws: ``AdmissionError`` where the engine is not ready or the recording is empty or leaves no room for speech.
    public func voice(recording: [Float], transcript: String) async throws(AdmissionError) -> VoicePrompt {
        await settle()
        try ledger.checkReady()
        guard let loaded = loaded.withLock({ $0 }), loaded.parts != nil else { throw .unloaded }
        guard !recording.isEmpty, recording.allSatisfy(\.isFinite) else {
            throw .invalid(.voice, value: "a recording of \(recording.count) samples", expected: "sound")
        }
        guard SpeakableText.isSpeakable(transcript) else {
            throw .invalid(.voice, value: "a transcript without words", expected: "what is said in the recording")
        }
        let (key, text) = try await off { () throws(AdmissionError) in
            guard let parts = loaded.parts else { throw .unloaded }
            return (VoiceCache.Key(recording, model: parts.model.digest), parts.model.feed.fed(transcript))
        }
        let mailbox = loaded.mailbox
        let encoding = voices.encoding(key) {
            Task {
                let answer: Result<Matrix, any Error>? = await withCheckedContinuation { continuation in
                    if !mailbox.post(LoopMailbox.Encoding(samples: recording, answer: continuation)) {
                        continuation.resume(returning: nil)
                    }
                }
                return answer
            }
        }
        let answer = await encoding.value
        let bytes = voices.settle(key, answer)
        ledger.voiceCache(bytes: bytes)
        switch answer {
        case .success(let latents)?:
            let prompt = VoicePrompt(text: text, latents: latents)
            // Asked for anew: a model whose device has failed meanwhile must not be held.
            guard let parts = self.loaded.withLock({ $0 })?.parts else { throw .unloaded }
            try parts.preparation.check(prompt)
            return prompt
        case .failure(let fault as DeviceFault)?: throw .deviceFailed(fault, retryAfter: .seconds(5))
        case .failure(let error)?:
            throw .invalid(.voice, value: "\(error)", expected: "a recording that can be encoded")
        case nil: throw .draining(retryAfter: .seconds(5))
        }
    }

    /// Makes a voice of latents that were kept, see ``VoicePrompt/latentValues``.
    ///
    /// - Throws: ``AdmissionError`` where there is no model, or the latents are not this model's.
    public func voice(latentValues: [Float], transcript: String) async throws(AdmissionError) -> VoicePrompt {
        await settle()
        guard let parts = loaded.withLock({ $0 })?.parts else { throw .unloaded }
        return try await off { () throws(AdmissionError) in
            let prompt = VoicePrompt(
                text: parts.model.feed.fed(transcript), latentValues: latentValues,
                latentSize: parts.model.latentSize)
            try parts.preparation.check(prompt)
            return prompt
        }
    }

    /// Waits while the model is being loaded again because its device has failed; not more than may wait in the queue.
    private func settle() async {
        guard ledger.isRecovering, let loaded = loaded.withLock({ $0 }) else { return }
        _ = await loaded.wait(limit: configuration.queueCapacity)
    }

    /// Forgets all encoded voices, so that nothing of a deleted one stays in memory.
    public func forgetVoices() {
        voices = VoiceCache(byteLimit: configuration.voiceCacheBytes)
        ledger.voiceCache(bytes: 0)
    }

    /// Runs work on the reading queue.
    private nonisolated func off<R: Sendable>(
        _ work: @escaping @Sendable () throws(AdmissionError) -> R
    ) async throws(AdmissionError) -> R {
        let queue = readingQueue
        let result: Result<R, AdmissionError> = await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { () throws(AdmissionError) in try work() })
            }
        }
        return try result.get()
    }
}
