import AudioIO
import HTTPTypes
import Hummingbird
import NIOCore
import SpeechEngine

/// The Studio, and what its form is sent to where there is no JavaScript.
struct PageRoutes: Sendable {
    let source: any SpeechSource
    let keys: Guard
    private let files: StudioFiles

    /// - Throws: Where the page's files are missing.
    init(source: any SpeechSource, keys: Guard) throws {
        self.source = source
        self.keys = keys
        files = try StudioFiles()
    }

    var routes: [Route] {
        let files = files
        return [
            Route(.get, "/", access: .open) { try files.answer("index.html", to: $0.request) },
            Route(.get, "/studio/{file}", access: .open) {
                try files.answer($0.values["file"] ?? "", to: $0.request)
            },
            Route(.post, "/tts", access: .keyInForm, speak),
        ]
    }

    /// Speaks what a form or a short JSON object says, as one wave file.
    private func speak(_ exchange: Exchange) async throws -> Response {
        var exchange = exchange
        var request: SpeechRequest
        let voice: ChosenVoice
        let limit = exchange.limits.textCharacters
        if exchange.mediaType == "application/x-www-form-urlencoded" {
            let form = try FormFields(try await exchange.body())
            exchange.caller = try await keys.caller(
                of: exchange.request.head, address: exchange.owner, form: form["api_key"])
            guard let text = form["text"], text.unicodeScalars.count <= limit else {
                throw APIError.bad("text", "The field text must have 1 to \(limit) characters.")
            }
            request = SpeechRequest(text)
            voice = try await exchange.services.voices.choose(form["voice"], for: &request)
        } else {
            exchange.caller = try await keys.caller(of: exchange.request.head, address: exchange.owner)
            let fields = try await exchange.json()
            request = SpeechRequest(try fields.text("text", limit: limit))
            voice = try await exchange.services.voices.choose(try fields.nameOrID("voice"), for: &request)
            try SpeechFields.read(fields, into: &request)
        }
        request.heldBackSeconds = .infinity
        let speech = try await LiveSpeech(request, from: source, exchange: exchange, voice: voice)
        var response = try await SpeechAnswers(exchange: exchange, form: SoundForm(format: .wav, rateHz: nil))
            .whole(speech)
        response.headers[.contentDisposition] = "inline; filename=\"mynah.wav\""
        return response
    }
}
