public import Compute

/// What to speak, and how.
public struct GenerationRequest: Sendable {
    /// The ids of prompt transcript and text, tokenised together, without the audio start token.
    public var tokens: [Int]
    /// How many tokens the text alone has: it bounds the number of patches.
    public var targetTokenCount: Int
    /// The voice to continue, `[patches * patchSize, latentSize]`, as ``VoxCPMModel/encodePrompt(_:)`` gives it.
    public var prompt: Matrix?
    /// Classifier-free guidance: 1 follows the model, more follows the text harder.
    public var cfg: Float = 2
    /// Euler steps of a patch.
    public var steps = 10
    /// What the noise is multiplied with before a patch is made of it: 1 keeps all of the model's variety, less is
    /// steadier and clearer. Reference: `temperature` of `UnifiedCFM.forward`.
    public var temperature: Float = 1
    /// Whether guidance scales its free branch (CFG-zero-star).
    public var zeroStar = true
    /// How far the schedule bends towards the noise.
    public var sway: Float = 1
    /// The seed of the noise, as in `torch.manual_seed`.
    public var seed: UInt64 = 0
    /// The noise of every patch, `[patches, latentSize, patchSize]`, instead of the seed's.
    public var noise: [Float]?
    /// The stop predictor is heard after this many patches and two.
    public var minPatches = 2
    /// The most patches.
    public var maxPatches = 2000
    /// The most patches for each token of the text; 10 more are always allowed.
    public var patchesPerToken = 6.0

    public init(tokens: [Int], targetTokenCount: Int? = nil, prompt: Matrix? = nil) {
        self.tokens = tokens
        self.targetTokenCount = targetTokenCount ?? tokens.count
        self.prompt = prompt
    }

    /// The most patches that this request may take.
    public var patchLimit: Int {
        max(1, min(Int(Double(targetTokenCount) * patchesPerToken + 10), maxPatches))
    }

    /// Checks the parameters that a person gives.
    func validate() throws {
        if tokens.isEmpty || targetTokenCount < 1 { throw VoxCPMError.emptyText }
        if !(1...1000).contains(steps) {
            throw VoxCPMError.invalidParameter("steps", value: "\(steps)", expected: "1 to 1000")
        }
        if !cfg.isFinite || !(0...100).contains(cfg) {
            throw VoxCPMError.invalidParameter("cfg", value: "\(cfg)", expected: "0 to 100")
        }
        if !temperature.isFinite || !(0...10).contains(temperature) {
            throw VoxCPMError.invalidParameter("temperature", value: "\(temperature)", expected: "0 to 10")
        }
        if maxPatches < 1 {
            throw VoxCPMError.invalidParameter("the patch limit", value: "\(maxPatches)", expected: "at least 1")
        }
    }
}

/// One patch of speech.
public struct Patch: Sendable {
    /// Counts from 0.
    public let index: Int
    /// `[patchSize * latentSize]`, latent by latent.
    public let latents: [Float]
    /// The patch's samples; fewer than ``VoxCPMModel/samplesPerPatch`` only where the reference cuts them off.
    public let samples: [Float]
}

/// Why a generation ended.
public enum FinishReason: String, Sendable {
    /// The stop predictor said so.
    case stopped
    /// The patch limit was reached.
    case patchLimit = "patch_limit"
    /// The model's context is full.
    case contextFull = "context_full"
}
