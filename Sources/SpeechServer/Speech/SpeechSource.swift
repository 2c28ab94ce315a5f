public import SpeechEngine

/// What the server needs of an engine.
public protocol SpeechSource: Sendable {
    /// The model that speaks; nil where none is loaded.
    var loaded: LoadedModel? { get }
    /// Takes a request in.
    func submit(_ request: SpeechRequest) async throws(AdmissionError) -> SpeechTicket
    /// The size of a text as the model reads it; a guess where there is no model.
    func tokenCount(of text: String) -> Int
    /// The source at this moment.
    func snapshot() -> EngineSnapshot
    /// Makes a voice of a recording: mono samples at the model's rate, and what is said in them.
    func voice(recording: [Float], transcript: String) async throws(AdmissionError) -> VoicePrompt
    /// Finishes what is under way, and takes nothing ever after.
    func stop(draining: Duration) async
}

/// What clients may know of a model.
public struct LoadedModel: Sendable {
    /// A voice that clients may ask for.
    public struct Voice: Sendable, Equatable {
        public let name: String
        public let description: String

        public init(name: String, description: String) {
            self.name = name
            self.description = description
        }
    }

    public let name: String
    public let sampleRateHz: Int
    public let secondsPerPatch: Double
    public let voices: [Voice]
    public let defaultVoice: String?

    public init(
        name: String, sampleRateHz: Int, secondsPerPatch: Double, voices: [Voice] = [], defaultVoice: String? = nil
    ) {
        self.name = name
        self.sampleRateHz = sampleRateHz
        self.secondsPerPatch = secondsPerPatch
        self.voices = voices
        self.defaultVoice = defaultVoice
    }
}

extension SpeechEngine: SpeechSource {
    public nonisolated func tokenCount(of text: String) -> Int {
        guard let feed = model?.feed else { return text.utf8.count / 4 }
        return feed.tokens(prompt: nil, text: feed.fed(text)).all.count
    }

    public nonisolated var loaded: LoadedModel? {
        model.map { model in
            LoadedModel(
                name: model.name, sampleRateHz: model.sampleRateHz, secondsPerPatch: model.secondsPerPatch,
                voices: model.generation.voices.map { LoadedModel.Voice(name: $0.name, description: $0.description) },
                defaultVoice: model.generation.defaultVoice)
        }
    }
}
