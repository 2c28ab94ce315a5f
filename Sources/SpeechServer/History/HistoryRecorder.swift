import AudioIO
import Foundation
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
    private let sampleRateHz: Int
    private let owner: RecordID?
    private let logger: Logger
    /// Nil where encoding failed or the speech grew too long.
    private var encoder: SoundEncoder?
    private var bytes: [UInt8] = []
    private var samples = 0
    private var marks: [SpeechMark] = []

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
        encoder = try? SoundEncoder(KeptSound.form, sampleRateHz: sampleRateHz)
    }

    func take(_ event: SpeechEvent) async {
        switch event {
        case .audio(let samples, _): encode(samples)
        case .mark(let mark): marks.append(mark)
        case .finished(let outcome):
            // Only speech that came to its end is kept.
            if APIError(outcome.end) == nil { await keep(outcome) }
        case .queued, .started, .progress: break
        }
    }

    private func encode(_ new: [Float]) {
        guard let encoder else { return }
        do throws(AudioWriteError) { bytes += try encoder.encode(new) } catch { self.encoder = nil }
        samples += new.count
        guard bytes.count > KeptSound.limitBytes else { return }
        logger.warning("speech too long for the history", metadata: ["history": "\(id)"])
        (self.encoder, bytes) = (nil, [])
    }

    private func keep(_ outcome: SpeechOutcome) async {
        guard let encoder, samples > 0 else { return }
        do {
            bytes += try encoder.finish()
            let timings = KeptTimings(
                sampleRateHz: sampleRateHz, samples: samples, outcome: outcome, marks: marks)
            var entry = NewHistoryEntry(
                text: request.text, model: model, voice: voice.own, builtInVoice: voice.builtIn, seed: outcome.seed,
                parameters: try JSONText(encoding: KeptParameters(request)), timings: try JSONText(encoding: timings),
                audio: NewAudio(.bytes(Data(bytes)), mediaType: KeptSound.form.mediaType))
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
        bytes = []
    }
}
