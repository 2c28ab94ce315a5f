import AudioIO
import Foundation
import HTTPTypes
import Hummingbird
import SpeechEngine

/// The speech API that OpenAI's clients speak.
struct OpenAIRoutes: Sendable {
    let source: any SpeechSource

    var routes: [Route] {
        [
            Route(.post, "/v1/audio/speech", speech),
            Route(.get, "/v1/models") { _ in Answers.json(ModelList(models)) },
            Route(.get, "/v1/models/{model}", model),
            Route(.get, "/v1/audio/models") { _ in Answers.json(ModelList(models)) },
            Route(.get, "/v1/audio/voices") { Answers.json(try await $0.services.voices.list()) },
        ]
    }

    /// Names of OpenAI's models, which clients send out of habit.
    private static let aliases = ["tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15"]
    private static let ownNames = ["voxcpm-1.5", "voxcpm1.5", "openbmb/voxcpm1.5", "voxcpm"]
    private var models: [String] { (source.loaded.map { [$0.name] } ?? []) + Self.aliases }

    private func model(_ exchange: Exchange) throws -> Response {
        let name = exchange.values["model"] ?? ""
        guard isKnown(name) else { throw Self.noModel(name, .notFound) }
        return Answers.json(ModelList.Model(id: name))
    }

    private func isKnown(_ name: String) -> Bool {
        models.contains(name) || source.loaded != nil && Self.ownNames.contains(name.lowercased())
    }

    private static func noModel(_ name: String, _ status: HTTPResponse.Status) -> APIError {
        APIError(
            status, code: "model_not_found", parameter: "model",
            "There is no model '\(name.prefix(100))' here; GET /v1/models lists what there is.")
    }

    private func speech(_ exchange: Exchange) async throws -> Response {
        let fields = try await exchange.json()
        let text = try fields.text("input", limit: exchange.limits.textCharacters)
        guard let model = try fields.string("model") else { throw APIError.missing("model") }
        guard isKnown(model) else { throw Self.noModel(model, .notFound) }
        let streamFormat = try fields.choice("stream_format", of: ["audio", "sse"])
        var request = SpeechRequest(text)
        let voice = try await exchange.services.voices.choose(try fields.nameOrID("voice"), for: &request)
        try SpeechFields.read(fields, into: &request)
        var answers = SpeechAnswers(
            exchange: exchange,
            form: try SoundForm.read(
                fields, key: "response_format", usual: EncoderCatalog.encodable.contains(.mp3) ? .mp3 : .wav,
                // OpenAI's bare samples have 24 kHz, and its clients play them so.
                usualRateHz: Self.aliases.contains(model) ? 24_000 : nil))
        if let instructions = try fields.string("instructions"), !instructions.isEmpty {
            answers.warnings.append("instructions are not understood by this model and were ignored")
        }
        // Only a wave header has to tell the length, so only wave files wait for their end, unless asked not to.
        let waits = answers.form.format == .wav && streamFormat == nil
        request.heldBackSeconds = waits ? .infinity : 0
        let speech: LiveSpeech
        do throws(APIError) {
            speech = try await LiveSpeech(request, from: source, exchange: exchange, voice: voice)
        } catch {
            throw error.naming("text", "input")
        }
        if streamFormat == "sse" {
            return try await answers.openAIEvents(speech, inputTokens: source.tokenCount(of: text))
        }
        return waits ? try await answers.whole(speech) : try await answers.chunked(speech)
    }
}

/// `GET /v1/models`
private struct ModelList: Encodable {
    struct Model: Encodable {
        let id: String
        var object = "model"
        var created = 1_764_547_200
        var owned_by = "mynah"
    }

    var object = "list"
    let data: [Model]
    /// The same, for clients that look here.
    let models: [Model]

    init(_ names: [String]) {
        data = names.map { Model(id: $0) }
        models = data
    }
}
