import Logging
import SpeechEngine
import SpeechStore

/// The way of one caller's requests to the engine, whichever dialect they came in: they count against the limits of its
/// key, are logged where that is asked for, and what they say goes into the history.
struct SpeechDoor: Sendable {
    let source: any SpeechSource
    let services: Services
    let caller: Caller
    /// Names the request in the log.
    let id: String
    let logger: Logger

    /// Counts a text.
    ///
    /// - Returns: To be held as long as the speech goes on; nil for callers without a key of the store.
    /// - Throws: `APIError` with a time to try again where the key has had its share.
    func count(_ text: String) throws(APIError) -> KeyMeter.Pass? {
        try services.meter.admit(caller, characters: text.unicodeScalars.count, engine: source.snapshot())
    }

    /// Hands a request to the engine.
    ///
    /// - Throws: `APIError`.
    func submit(_ request: SpeechRequest) async throws(APIError) -> SpeechTicket {
        var request = request
        request.owner = caller.name
        let ticket: SpeechTicket
        do throws(AdmissionError) { ticket = try await source.submit(request) } catch { throw APIError(error) }
        if services.settings.logsTexts {
            logger.info("text", metadata: ["request": "\(id)", "text": "\(request.text)"])
        }
        return ticket
    }

    /// The model of a speech that was taken.
    func model(of ticket: SpeechTicket) -> LoadedModel {
        source.loaded ?? LoadedModel(name: "", sampleRateHz: ticket.sampleRateHz, secondsPerPatch: 0)
    }

    /// Who keeps a speech for the history; nil where none is kept.
    ///
    /// - Parameter voice: Which voice the request got.
    func recorder(of ticket: SpeechTicket, _ request: SpeechRequest, voice: ChosenVoice) -> HistoryRecorder? {
        guard let store = services.store, store.settings.keepsHistory else { return nil }
        return HistoryRecorder(
            store, request: request, voice: voice, model: model(of: ticket).name, sampleRateHz: ticket.sampleRateHz,
            owner: caller.key, logger: logger)
    }
}
