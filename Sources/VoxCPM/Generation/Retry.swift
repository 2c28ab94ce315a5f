import Checkpoint
import Compute

/// Tries again with the next seed when speech came out too long for its text.
///
/// Reference: `retry_badcase` of `VoxCPMModel._generate`.
public struct RetryPolicy: Sendable, Equatable {
    /// How many attempts in all; the last one is used whatever it is.
    public var maxAttempts = 3
    /// Patches for each token of the text from which on an attempt is bad.
    public var patchesPerToken = 6.0

    public init(maxAttempts: Int = 3, patchesPerToken: Double = 6.0) {
        self.maxAttempts = maxAttempts
        self.patchesPerToken = patchesPerToken
    }

    /// Whether an attempt is too long. The reference counts the prompt's context patches (two at most) as well.
    public func isBad(patches: Int, context: Int, targetTokens: Int) -> Bool {
        Double(patches + context) >= Double(targetTokens) * patchesPerToken
    }
}

/// A whole generation, kept until it is over.
public struct GeneratedSpeech: Sendable {
    /// Mono samples at the model's rate.
    public let samples: [Float]
    public let patches: Int
    /// The seed of the attempt that was used.
    public let seed: UInt64
    public let finishReason: FinishReason
    public let timings: StageTimings
}

extension VoxCPMModel {
    /// Generates everything at once, with retries.
    ///
    /// - Parameters:
    ///   - request: What to speak. With a retry policy its `patchesPerToken` follows the policy's.
    ///   - retry: When to try again; nil for one attempt.
    ///   - engine: An engine for one sequence to generate in; a new one where there is none.
    ///   - trace: Records intermediate tensors of every attempt.
    ///   - onPatch: Called after each patch; return false to stop early.
    public func generate(
        _ request: GenerationRequest, retry: RetryPolicy? = nil, in engine: PatchEngine? = nil,
        trace: TraceRecorder? = nil, onPatch: (Patch) -> Bool = { _ in true }
    ) throws -> GeneratedSpeech {
        var request = request
        if let retry { request.patchesPerToken = retry.patchesPerToken }
        let context = min(2, (request.prompt?.rows ?? 0) / configuration.patchSize)
        let patchValues = configuration.patchSize * configuration.latentSize
        var attempt = 1
        let engine = try engine ?? self.engine(for: request)
        while true {
            trace?.remove("latent", "audio")
            let generation = try Generation(engine, request, trace: trace)
            var samples: [Float] = []
            var patches = 0
            var goesOn = true
            while goesOn, let patch = try generation.next() {
                samples += patch.samples
                patches += 1
                goesOn = onPatch(patch)
            }
            trace?.joinLatents(latentSize: configuration.latentSize)
            let isBad =
                retry?.isBad(patches: patches, context: context, targetTokens: request.targetTokenCount) ?? false
            guard isBad, goesOn, attempt < retry?.maxAttempts ?? 1 else {
                return GeneratedSpeech(
                    samples: samples, patches: patches, seed: request.seed,
                    finishReason: generation.finishReason ?? .patchLimit, timings: generation.timings)
            }
            attempt += 1
            request.seed &+= 1
            if let noise = request.noise, noise.count > patches * patchValues {
                // Noise given for all attempts, one after the other, as a trace records it.
                request.noise = Array(noise.dropFirst(patches * patchValues))
            }
        }
    }
}
