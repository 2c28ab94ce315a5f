import SpeechEngine
import SpeechStore

/// The voices of a model, and what OpenAI's names for voices mean here.
struct VoiceBook: Sendable {
    /// OpenAI's voices, in its order.
    static let stockNames = [
        "alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer", "verse", "marin",
        "cedar",
    ]

    struct List: Encodable {
        struct Voice: Encodable {
            let id: String
            let name: String
            let description: String
            let kind: String
            var has_preview = false
            var transcript: String?
            var consent: String?
            var created: String?
            /// What was found when it was saved.
            var advice: [VoiceAdvice.Item]?
        }

        let voices: [Voice]
    }

    private let own: [LoadedModel.Voice]

    init(_ model: LoadedModel?) { own = model?.voices ?? [] }

    /// All names that may be asked for.
    var list: List {
        List(
            voices: own.map { List.Voice($0) }
                + Self.stockNames.filter { name in !own.contains { $0.name == name } }.map { name in
                    let meaning = stock(name).map { "speaks as \($0.name)" } ?? "a voice that the model makes up"
                    return List.Voice(id: name, name: name, description: meaning, kind: "alias")
                })
    }

    /// The voice of ours that one of OpenAI's stands for: they are dealt out in order.
    private func stock(_ name: String) -> LoadedModel.Voice? {
        guard let index = Self.stockNames.firstIndex(of: name), !own.isEmpty else { return nil }
        return own[index % own.count]
    }

    /// Gives a request its voice.
    ///
    /// A model without voices makes one up; there each of OpenAI's names stands for a seed, so that the same name speaks
    /// alike from one request to the next.
    ///
    /// - Parameter name: Nil or `default` for the model's own choice.
    /// - Throws: 400 for a name that nobody has.
    func choose(_ name: String?, for request: inout SpeechRequest) throws(APIError) {
        guard let name, name != "default" else { return }
        if own.contains(where: { $0.name == name }) {
            request.voice = .builtIn(name)
        } else if let voice = stock(name) {
            request.voice = .builtIn(voice.name)
        } else if let index = Self.stockNames.firstIndex(of: name) {
            request.seed = UInt64(index + 1)
        } else {
            let names = (own.map(\.name) + Self.stockNames).joined(separator: ", ")
            throw APIError.bad(
                "voice", code: "voice_not_found", "There is no voice '\(name.prefix(100))'; there are \(names).")
        }
    }
}

extension VoiceBook.List.Voice {
    /// One of the model's.
    init(_ voice: LoadedModel.Voice) {
        self.init(
            id: voice.name, name: voice.name, description: voice.description, kind: "built-in",
            has_preview: voice.preview != nil, transcript: voice.transcript.isEmpty ? nil : voice.transcript)
    }

    /// One of the store's.
    init(_ voice: SpeechStore.Voice, advice: [VoiceAdvice.Item]? = nil) {
        self.init(
            id: voice.id.description, name: voice.name, description: "", kind: "own", has_preview: true,
            transcript: voice.transcript, consent: voice.consent, created: Answers.time(voice.created), advice: advice)
    }
}
