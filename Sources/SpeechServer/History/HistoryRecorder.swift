import AudioIO
import Logging
import SpeechEngine
import SpeechStore

/// Listens to a speech, or to several that follow each other and are one for people, and puts it into the history when it
/// is over.
actor HistoryRecorder {
    nonisolated let id = RecordID()
    nonisolated let model: String
    nonisolated let sampleRateHz: Int
    private let store: any SpeechStoring
    private let request: SpeechRequest
    private let voice: ChosenVoice
    private let owner: RecordID?
    private let logger: Logger
    /// All that was to be said so far.
    private var text: String
    /// Where the speech that is under way begins in the text, in Unicode scalars.
    private var textStart = 0
    private var outcomes: [SpeechOutcome] = []
    /// Nil where encoding failed, the speech grew too long, or one did not come to its end.
    private var speech: KeptSpeech?

    init(
        _ store: any SpeechStoring, request: SpeechRequest, voice: ChosenVoice, model: String, sampleRateHz: Int,
        owner: RecordID?, logger: Logger
    ) {
        self.store = store
        self.request = request
        self.voice = voice
        self.model = model
        self.sampleRateHz = sampleRateHz
        self.owner = owner
        self.logger = logger
        text = request.text
        speech = try? KeptSpeech(sampleRateHz: sampleRateHz)
    }

    /// Hears what happens to the only speech, and keeps it before it has told the end.
    func hear(_ event: SpeechEvent) async {
        take(event)
        if case .finished = event { await keep() }
    }

    /// Another speech follows, which says the next of the text.
    func follow(_ next: String) {
        textStart = text.unicodeScalars.count
        text += next
        speech?.follow()
    }

    func take(_ event: SpeechEvent) {
        switch event {
        case .audio(let samples, _): add(samples)
        case .mark(let mark): speech?.add(mark, textStart: textStart)
        case .finished(let outcome):
            outcomes.append(outcome)
            // Only speech that came to its end is kept.
            if APIError(outcome.end) != nil { speech = nil }
        case .queued, .started, .progress: break
        }
    }

    /// Puts all that was heard into the store.
    ///
    /// - Returns: Whether it is there.
    @discardableResult func keep() async -> Bool {
        guard let speech, let first = outcomes.first else { return false }
        self.speech = nil
        do {
            let (audio, timings) = try speech.finish(outcomes)
            guard timings.samples > 0 else { return false }
            var entry = NewHistoryEntry(
                text: text, model: model, voice: voice.own, builtInVoice: voice.builtIn, seed: first.seed,
                parameters: try JSONText(encoding: KeptParameters(request)), timings: try JSONText(encoding: timings),
                audio: audio)
            entry.id = id
            entry.owner = owner
            // The client may go now: what it heard is kept all the same.
            let (store, new) = (store, entry)
            _ = try await Task { try await store.record(new) }.value
            return true
        } catch StoreError.notFound(.voice, _) {
            // The voice was deleted meanwhile, and so shall be what it left.
        } catch {
            logger.error("history not kept", metadata: ["error": "\(error)"])
        }
        return false
    }

    private func add(_ samples: [Float]) {
        guard let speech else { return }
        do throws(AudioWriteError) { try speech.add(samples) } catch { self.speech = nil }
        guard speech.byteCount > KeptSound.limitBytes else { return }
        logger.warning("speech too long for the history", metadata: ["history": "\(id)"])
        self.speech = nil
    }
}
