import AudioIO
import Hummingbird
import SpeechEngine

/// The server's own API.
struct NativeRoutes: Sendable {
    let source: any SpeechSource

    var routes: [Route] {
        [
            Route(.post, "/api/v1/speech", speech),
            Route(.get, "/api/v1/status") { _ in Answers.json(StatusReport(source.snapshot(), state: source.stateName))
            },
        ]
    }

    private static let known = SpeechFields.names.union(["text", "voice", "format", "stream", "history"])
    private static let texts: Set<String> = ["text", "voice", "format", "stream", "cutting", "prompt_text"]

    private func speech(_ exchange: Exchange) async throws -> Response {
        guard exchange.mediaType == "multipart/form-data" else {
            let fields = try await exchange.json()
            try fields.refuseOthers(than: Self.known)
            return try await speak(fields, prompt: nil, exchange)
        }
        let form = try await exchange.form(
            limit: exchange.limits.recordingBytes + exchange.limits.bodyBytes, files: ["prompt_audio"])
        let fields = form.json(plain: Self.texts)
        try fields.refuseOthers(than: Self.known.union(["prompt_text"]))
        guard fields.has("prompt_text") || form.files["prompt_audio"] != nil else {
            return try await speak(fields, prompt: nil, exchange)
        }
        guard !fields.has("voice") else {
            throw APIError.bad("voice", "The fields voice and prompt_audio both choose a voice; send one of them.")
        }
        let transcript = try fields.text("prompt_text", limit: 2000)
        let prompt = try await prompt(try form.file("prompt_audio"), transcript, exchange)
        return try await speak(fields, prompt: prompt, exchange)
    }

    /// A voice for one request. The recording is in memory only.
    private func prompt(
        _ file: MultipartForm.File, _ transcript: String, _ exchange: Exchange
    ) async throws -> VoicePrompt {
        let recording = try await Recording.read(
            file, field: "prompt_audio", limits: exchange.limits, sampleRateHz: source.loaded?.sampleRateHz)
        try VoiceAdvice(recording.audio, transcript: transcript)
            .expectUsable(recording: "prompt_audio", transcript: "prompt_text")
        do throws(AdmissionError) {
            return try await source.voice(recording: recording.audio.samples, transcript: transcript)
        } catch {
            throw APIError(error)
        }
    }

    private func speak(_ fields: JSONFields, prompt: VoicePrompt?, _ exchange: Exchange) async throws -> Response {
        var request = SpeechRequest(try fields.text("text", limit: exchange.limits.textCharacters))
        var voice = ChosenVoice()
        if let prompt {
            request.voice = .prompt(prompt)
        } else {
            voice = try await exchange.services.voices.choose(try fields.nameOrID("voice"), for: &request)
        }
        try SpeechFields.read(fields, into: &request)
        let stream = try fields.choice("stream", of: ["none", "audio", "events"]) ?? "none"
        let answers = SpeechAnswers(
            exchange: exchange, form: try SoundForm.read(fields, key: "format", usual: .wav, usualRateHz: nil))
        request.heldBackSeconds = stream == "none" ? .infinity : 0
        let speech = try await LiveSpeech(
            request, from: source, exchange: exchange, voice: voice, isKept: try fields.flag("history") ?? true)
        switch stream {
        case "audio": return try await answers.chunked(speech)
        case "events": return answers.progressEvents(speech)
        default: return try await answers.whole(speech)
        }
    }
}

/// `GET /api/v1/status`
private struct StatusReport: Encodable {
    let state: String
    let queue_depth: Int
    let active: Int
    let expected_seconds: Double
    /// Seconds of speech for each second of work, of late.
    let throughput: Double?
    /// Bytes besides the weights, by what they hold.
    let memory: [String: Int]

    init(_ snapshot: EngineSnapshot, state: String) {
        self.state = state
        queue_depth = snapshot.queueDepth
        active = snapshot.active
        expected_seconds = snapshot.expectedSeconds
        throughput = snapshot.throughput
        memory = snapshot.bytesByUse
    }
}
