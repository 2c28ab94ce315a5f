import HTTPTypes
import Logging
import SpeechEngine
import SpeechStore

/// An accepted request, tied to the connection that asked for it: when the client goes, or nobody holds this any longer,
/// the speech ends within one patch.
final class LiveSpeech: Sendable {
    let ticket: SpeechTicket
    let model: LoadedModel
    /// How many times as fast as the model speaks it is heard.
    let speed: Double
    private let connection: ConnectionNews
    private let token: Int
    /// Keeps the speech for the history; nil where it is not kept.
    private let recorder: HistoryRecorder?
    /// Counts against the limits of the key as long as the speech goes on.
    private let pass: KeyMeter.Pass?

    /// Hands a request to the engine.
    ///
    /// - Parameters:
    ///   - voice: Which voice it got, for the history.
    ///   - isKept: Whether it may be kept in the history.
    /// - Throws: `APIError`.
    init(
        _ request: SpeechRequest, from source: any SpeechSource, exchange: Exchange, voice: ChosenVoice,
        isKept: Bool = true
    ) async throws(APIError) {
        speed = request.speed
        let door = exchange.door(to: source)
        pass = try door.count(request.text)
        ticket = try await door.submit(request)
        model = door.model(of: ticket)
        recorder = isKept ? door.recorder(of: ticket, request, voice: voice) : nil
        connection = exchange.connection
        let ticket = ticket
        token = connection.listen { ticket.cancel(.readerGone) }
    }

    deinit {
        connection.forget(token)
        ticket.cancel(.readerGone)
    }

    /// Where the history will have it; nil where it is not kept.
    var historyID: RecordID? { recorder?.id }

    /// The next thing that happens; nil after the last. For one reader.
    ///
    /// What was spoken is in the history before the last event is told.
    func next() async -> SpeechEvent? {
        var iterator = ticket.events.makeAsyncIterator()
        guard let event = await iterator.next() else { return nil }
        await recorder?.hear(event)
        return event
    }

    /// Waits for the first sound.
    ///
    /// - Throws: `APIError` where there is none.
    func firstAudio() async throws(APIError) -> [Float] {
        while let event = await next() {
            switch event {
            case .audio(let samples, _): return samples
            case .finished(let outcome):
                if let error = APIError(outcome.end) { throw error }
                throw .noAudio
            case .queued, .started, .mark, .progress: continue
            }
        }
        throw .internalFault
    }

    /// Waits for all of it.
    ///
    /// - Throws: `APIError` where the text was not spoken.
    func whole() async throws(APIError) -> (samples: [Float], outcome: SpeechOutcome) {
        var speech = CollectedSpeech()
        while let event = await next() { speech.add(event) }
        guard let outcome = speech.outcome else { throw .internalFault }
        if let error = APIError(outcome.end) { throw error }
        return (speech.samples, outcome)
    }
}
