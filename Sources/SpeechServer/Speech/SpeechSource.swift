public import Foundation
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
    /// Whether the model was given back because nobody needed it, and comes back with the next request.
    var isIdle: Bool { get }
    /// Whether a model is being loaded, switched or given back, so that what is refused now is likely to be taken soon.
    var isChanging: Bool { get }
    /// Makes a voice of a recording: mono samples at the model's rate, and what is said in them.
    func voice(recording: [Float], transcript: String) async throws(AdmissionError) -> VoicePrompt
    /// Makes a voice of the numbers that an earlier recording was encoded to.
    func voice(latentValues: [Float], transcript: String) async throws(AdmissionError) -> VoicePrompt
    /// Forgets the voices in memory.
    func forgetVoices() async
    /// Finishes what is under way, and takes nothing ever after.
    func stop(draining: Duration) async
}

/// What clients may know of a model.
public struct LoadedModel: Sendable {
    /// A voice that clients may ask for.
    public struct Voice: Sendable, Equatable {
        public let name: String
        public let description: String
        /// What is said in the voice's recording.
        public let transcript: String
        /// A recording to listen to.
        public let preview: URL?

        public init(name: String, description: String, transcript: String = "", preview: URL? = nil) {
            self.name = name
            self.description = description
            self.transcript = transcript
            self.preview = preview
        }
    }

    public let name: String
    public let sampleRateHz: Int
    public let secondsPerPatch: Double
    public let voices: [Voice]
    public let defaultVoice: String?
    /// What the model does where a request does not say.
    public let defaults: GenerationFile.Defaults
    /// Tells models apart: encoded voices belong to one.
    public let digest: String
    /// What computes, for people; nil where it is not known.
    public let device: String?
    /// What the weights are stored as; nil where it is not known.
    public let precision: String?

    public init(
        name: String, sampleRateHz: Int, secondsPerPatch: Double, voices: [Voice] = [], defaultVoice: String? = nil,
        defaults: GenerationFile.Defaults = .init(), digest: String = "0", device: String? = nil,
        precision: String? = nil
    ) {
        self.device = device
        self.precision = precision
        self.name = name
        self.sampleRateHz = sampleRateHz
        self.secondsPerPatch = secondsPerPatch
        self.voices = voices
        self.defaultVoice = defaultVoice
        self.defaults = defaults
        self.digest = digest
    }
}

extension SpeechSource {
    public var isIdle: Bool { false }
    public var isChanging: Bool { false }

    /// Why requests are not taken now; nil where they are.
    var refusal: AdmissionError? {
        switch snapshot().state {
        case .ready: nil
        case .unloaded: isIdle ? nil : .unloaded
        case .loading(let progress): .loading(progress: progress, retryAfter: .seconds(10))
        case .draining, .stopped: .draining(retryAfter: .seconds(5))
        }
    }

    /// Whether requests are taken.
    var takesRequests: Bool { refusal == nil }
}

extension SpeechVoice {
    /// Whether the model makes a voice up, because nobody names one.
    func isMadeUp(by model: LoadedModel?) -> Bool {
        if case .modelDefault = self { model?.defaultVoice == nil } else { false }
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
                voices: model.generation.voices.map { voice in
                    LoadedModel.Voice(
                        name: voice.name, description: voice.description, transcript: voice.transcript,
                        preview: voice.preview)
                },
                defaultVoice: model.generation.defaultVoice, defaults: model.generation.defaults, digest: model.digest,
                device: model.device, precision: model.precision)
        }
    }
}
