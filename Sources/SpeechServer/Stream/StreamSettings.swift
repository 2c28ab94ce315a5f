import AudioIO
import SpeechEngine

/// How a stream speaks: what `session.config` says.
struct StreamSettings: Sendable {
    /// What is spoken in one piece.
    enum Granularity: String, CaseIterable {
        /// Each sentence, as soon as it is complete.
        case sentence
        /// All that was said up to `input.done`.
        case utterance
    }

    /// Tells these settings from earlier ones.
    let revision: Int
    /// All but the text and the voice.
    let request: SpeechRequest
    /// The name or the id of the voice; nil for the model's own choice.
    let voice: String?
    let form: SoundForm
    let granularity: Granularity
    /// Whether sound leaves patch by patch; else each sentence is one file in one frame.
    let streamsAudio: Bool
    /// Whether what is spoken may be kept in the history.
    let isKept: Bool

    /// Before anything was said.
    init() {
        self.init(
            revision: 0, request: SpeechRequest(""), voice: nil, form: SoundForm(format: .pcm, rateHz: nil),
            granularity: .sentence, streamsAudio: true, isKept: true)
    }

    private init(
        revision: Int, request: SpeechRequest, voice: String?, form: SoundForm, granularity: Granularity,
        streamsAudio: Bool, isKept: Bool
    ) {
        self.revision = revision
        self.voice = voice
        self.isKept = isKept
        self.form = form
        self.granularity = granularity
        self.streamsAudio = streamsAudio
        var request = request
        if granularity == .sentence { request.cutting = .sentences }
        // Sound that was sent cannot be tried again.
        request.heldBackSeconds = streamsAudio ? 0 : .infinity
        self.request = request
    }

    /// Fields that clients of other servers send, and that change nothing here.
    private static let unused: Set<String> = [
        "model", "language", "task_type", "instructions", "max_new_tokens", "non_streaming_mode",
    ]
    private static let known = SpeechFields.names.union(unused).union([
        "type", "api_key", "voice", "response_format", "format", "stream_audio", "split_granularity", "history",
    ])

    /// Reads `session.config`.
    ///
    /// - Throws: `APIError` where a field holds what cannot be.
    init(_ fields: JSONFields, revision: Int) throws(APIError) {
        for name in ["ref_audio", "ref_text"] where fields.has(name) {
            throw APIError.bad(
                name, code: "unsupported_value",
                "Recordings are not taken here, and addresses are never fetched; save the voice first and name it.")
        }
        try fields.refuseOthers(than: Self.known)
        var request = SpeechRequest("")
        try SpeechFields.read(fields, into: &request)
        let form = try SoundForm.read(
            fields, key: fields.has("format") ? "format" : "response_format", usual: .pcm, usualRateHz: nil)
        let granularity = try fields.choice("split_granularity", of: Granularity.allCases.map(\.rawValue))
        self.init(
            revision: revision, request: request, voice: try fields.nameOrID("voice"), form: form,
            granularity: granularity.flatMap { Granularity(rawValue: $0) } ?? .sentence,
            streamsAudio: try fields.flag("stream_audio") ?? true, isKept: try fields.flag("history") ?? true)
    }
}
