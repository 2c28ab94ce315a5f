import AudioIO
import Hummingbird
import SpeechEngine

/// The server's own API.
struct NativeRoutes: Sendable {
    let source: any SpeechSource

    var routes: [Route] {
        [
            Route(.post, "/api/v1/speech", speech),
            Route(.get, "/api/v1/voices") { _ in Answers.json(VoiceBook(source.loaded).list) },
            Route(.get, "/api/v1/models") { _ in
                Answers.json(ModelReport(source.loaded.map { [ModelReport.Model($0)] } ?? []))
            },
            Route(.get, "/api/v1/status") { _ in Answers.json(StatusReport(source.snapshot())) },
        ]
    }

    private static let known = SpeechFields.names.union(["text", "voice", "format", "stream"])

    private func speech(_ exchange: Exchange) async throws -> Response {
        let fields = try await exchange.json()
        try fields.refuseOthers(than: Self.known)
        var request = SpeechRequest(try fields.text("text", limit: exchange.limits.textCharacters))
        try VoiceBook(source.loaded).choose(try fields.nameOrID("voice"), for: &request)
        try SpeechFields.read(fields, into: &request)
        let stream = try fields.choice("stream", of: ["none", "audio", "events"]) ?? "none"
        let answers = SpeechAnswers(
            exchange: exchange, form: try SoundForm.read(fields, key: "format", usual: .wav, usualRateHz: nil))
        request.heldBackSeconds = stream == "none" ? .infinity : 0
        let speech = try await LiveSpeech(request, from: source, exchange: exchange)
        switch stream {
        case "audio": return try await answers.chunked(speech)
        case "events": return answers.progressEvents(speech)
        default: return try await answers.whole(speech)
        }
    }
}

/// `GET /api/v1/models`
private struct ModelReport: Encodable {
    struct Model: Encodable {
        let name: String
        let sample_rate: Int
        let seconds_per_patch: Double
        let default_voice: String?
        let formats: [String]

        init(_ model: LoadedModel) {
            name = model.name
            sample_rate = model.sampleRateHz
            seconds_per_patch = model.secondsPerPatch
            default_voice = model.defaultVoice
            formats = EncoderCatalog.encodable.map(\.rawValue)
        }
    }

    let models: [Model]

    init(_ models: [Model]) { self.models = models }
}

/// `GET /api/v1/status`
private struct StatusReport: Encodable {
    let state: String
    let queue_depth: Int
    let active: Int
    let expected_seconds: Double
    /// Seconds of speech for each second of work, of late.
    let throughput: Double?

    init(_ snapshot: EngineSnapshot) {
        state = snapshot.state.name
        queue_depth = snapshot.queueDepth
        active = snapshot.active
        expected_seconds = snapshot.expectedSeconds
        throughput = snapshot.throughput
    }
}
