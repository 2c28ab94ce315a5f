import AudioIO
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import SpeechEngine

/// The short page with its form, and what the form is sent to.
struct PageRoutes: Sendable {
    let source: any SpeechSource
    let keys: Guard
    private let page: String
    private let style: String

    /// - Throws: Where the page's files are missing.
    init(source: any SpeechSource, keys: Guard) throws {
        self.source = source
        self.keys = keys
        page = try Self.read("page.html")
        style = try Self.read("page.css")
    }

    var routes: [Route] {
        [
            Route(.get, "/", access: .open) { _ in
                Answers.text(
                    page.replacing("<!--key-->", with: keys.keys == nil ? "" : Self.keyField),
                    type: "text/html; charset=utf-8")
            },
            Route(.get, "/page.css", access: .open) { _ in Answers.text(style, type: "text/css; charset=utf-8") },
            Route(.post, "/tts", access: .keyInForm, speak),
        ]
    }

    private static let keyField =
        "<label>Key <input type=\"password\" name=\"api_key\" autocomplete=\"current-password\" required></label>"

    /// A file that comes with the server.
    static func read(_ name: String) throws -> String {
        guard let file = Bundle.module.url(forResource: "Resources/\(name)", withExtension: nil) else {
            throw ServerError.missingResource(name)
        }
        return try String(contentsOf: file, encoding: .utf8)
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
