import HTTPTypes
import SpeechEngine

/// An accepted request, tied to the connection that asked for it: when the client goes, or nobody holds this any longer,
/// the speech ends within one patch.
final class LiveSpeech: Sendable {
    let ticket: SpeechTicket
    let model: LoadedModel
    private let connection: ConnectionNews
    private let token: Int

    /// Hands a request to the engine.
    ///
    /// - Throws: `APIError`.
    init(_ request: SpeechRequest, from source: any SpeechSource, exchange: Exchange) async throws(APIError) {
        var request = request
        request.owner = exchange.owner
        do throws(AdmissionError) {
            ticket = try await source.submit(request)
        } catch {
            throw APIError(error)
        }
        model =
            source.loaded ?? LoadedModel(name: "", sampleRateHz: ticket.sampleRateHz, secondsPerPatch: 0)
        connection = exchange.connection
        let ticket = ticket
        token = connection.listen { ticket.cancel(.readerGone) }
    }

    deinit {
        connection.forget(token)
        ticket.cancel(.readerGone)
    }

    /// Waits for the first sound.
    ///
    /// - Throws: `APIError` where there is none.
    func firstAudio() async throws(APIError) -> [Float] {
        for await event in ticket.events {
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
        let speech = await ticket.collect()
        guard let outcome = speech.outcome else { throw .internalFault }
        if let error = APIError(outcome.end) { throw error }
        return (speech.samples, outcome)
    }
}
