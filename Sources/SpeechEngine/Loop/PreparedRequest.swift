import AudioIO
import VoxCPM

/// A request that was checked and cut into tokenised parts: all that the engine's thread needs.
struct PreparedRequest: Sendable {
    struct Part: Sendable {
        let text: String
        /// In Unicode scalars of the request's text.
        let range: Range<Int>
        /// With the voice's text where there is a voice for this part.
        let tokens: [Int]
        let targetTokenCount: Int
        let expectedSamples: Int
        /// Silence after the part; 0 after the last.
        let pauseSamples: Int
    }

    let parts: [Part]
    /// The voice; nil where the first part becomes the voice of the others.
    let prompt: VoicePrompt?
    /// The first part as fed to the tokenizer: the voice's text where it becomes one.
    let firstText: String
    let cfg: Float
    let temperature: Float
    let steps: Int
    let seed: UInt64
    let attempts: Int
    /// How many times as fast as the model speaks it is heard.
    let speed: Double
    /// Samples of a part that are held back; `Int.max` for all.
    let heldBackSamples: Int
    /// Samples of the whole speech as it is heard; nil for no limit.
    let maxSamples: Int?
    /// Patches of one part.
    let maxPatches: Int

    /// What the model is expected to make.
    var expectedSamples: Int { parts.reduce(0) { $0 + $1.expectedSamples + $1.pauseSamples } }

    /// How many samples the model makes for so many that are heard.
    func made(_ heard: Int) -> Int { TimeStretch.samples(for: heard, atSpeed: speed) }

    /// What the engine core is asked for.
    func generation(part: Int, prompt: VoicePrompt?, seed: UInt64, maxPatches: Int) -> GenerationRequest {
        var request = GenerationRequest(
            tokens: parts[part].tokens, targetTokenCount: parts[part].targetTokenCount, prompt: prompt?.latents)
        request.cfg = cfg
        request.temperature = temperature
        request.steps = steps
        request.seed = seed
        request.maxPatches = maxPatches
        return request
    }
}

/// A prepared request that was taken in, and where its events go.
struct AcceptedRequest: Sendable {
    let id: SpeechID
    let owner: String
    let request: PreparedRequest
    let channel: EventChannel
    let acceptedAt: ContinuousClock.Instant
    let queueDeadline: ContinuousClock.Instant
    let totalDeadline: ContinuousClock.Instant?
}
