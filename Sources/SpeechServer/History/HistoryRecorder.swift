import AudioIO
import Logging
import SpeechEngine
import SpeechStore

/// Listens to a speech, and puts it into the history when it is over.
actor HistoryRecorder {
    nonisolated let id = RecordID()
    private let store: any SpeechStoring
    private let request: SpeechRequest
    private let voice: ChosenVoice
    private let model: String
    private let owner: RecordID?
    private let logger: Logger
    /// Nil where encoding failed or the speech grew too long.
    private var speech: KeptSpeech?

    init(
        _ store: any SpeechStoring, request: SpeechRequest, voice: ChosenVoice, model: String, sampleRateHz: Int,
        owner: RecordID?, logger: Logger
    ) {
        self.store = store
        self.request = request
        self.voice = voice
        self.model = model
        self.owner = owner
        self.logger = logger
        speech = try? KeptSpeech(sampleRateHz: sampleRateHz)
    }

    func take(_ event: SpeechEvent) async {
        switch event {
        case .audio(let samples, _): add(samples)
        case .mark(let mark): speech?.add(mark)
        case .finished(let outcome):
            // Only speech that came to its end is kept.
            if APIError(outcome.end) == nil { await keep(outcome) }
        case .queued, .started, .progress: break
        }
    }

    private func add(_ samples: [Float]) {
        guard let speech else { return }
        do throws(AudioWriteError) { try speech.add(samples) } catch { self.speech = nil }
        guard speech.byteCount > KeptSound.limitBytes else { return }
        logger.warning("speech too long for the history", metadata: ["history": "\(id)"])
        self.speech = nil
    }

    private func keep(_ outcome: SpeechOutcome) async {
        guard let speech else { return }
        self.speech = nil
        do {
            let (audio, timings) = try speech.finish(outcome)
            guard timings.samples > 0 else { return }
            var entry = NewHistoryEntry(
                text: request.text, model: model, voice: voice.own, builtInVoice: voice.builtIn, seed: outcome.seed,
                parameters: try JSONText(encoding: KeptParameters(request)), timings: try JSONText(encoding: timings),
                audio: audio)
            entry.id = id
            entry.owner = owner
            // The client may go now: what it heard is kept all the same.
            let (store, new) = (store, entry)
            _ = try await Task { try await store.record(new) }.value
        } catch StoreError.notFound(.voice, _) {
            // The voice was deleted meanwhile, and so shall be what it left.
        } catch {
            logger.error("history not kept", metadata: ["error": "\(error)"])
        }
    }
}
