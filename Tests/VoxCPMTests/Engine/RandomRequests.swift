import Checkpoint
import Compute
import VoxCPM

/// Draws requests that differ in everything that may differ, always the same ones.
struct RandomRequests {
    private var state: UInt64
    private let configuration: (patchSize: Int, latentSize: Int, vocabulary: Int)

    init(_ model: VoxCPMModel, seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        configuration = (
            model.configuration.patchSize, model.configuration.latentSize,
            model.configuration.languageModel.vocabularySize
        )
    }

    /// A number in `0 ..< bound`.
    mutating func below(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 33) % bound
    }

    /// A request of at most 40 positions.
    mutating func next() -> GenerationRequest {
        let tokens = (0..<1 + below(20)).map { _ in 110 + below(configuration.vocabulary - 110) }
        var request = GenerationRequest(tokens: tokens, prompt: below(2) == 0 ? nil : prompt(patches: 1 + below(3)))
        request.seed = UInt64(below(1 << 20))
        request.cfg = [1, 1.5, 2, 3][below(4)]
        request.temperature = [1, 0.7][below(2)]
        request.steps = 1 + below(5)
        request.sway = [1, 0][below(2)]
        request.zeroStar = below(4) > 0
        request.minPatches = below(5)
        request.maxPatches = 1 + below(6)
        return request
    }

    private mutating func prompt(patches: Int) -> Matrix {
        let rows = patches * configuration.patchSize
        let values = (0..<rows * configuration.latentSize).map { _ in Float(below(2001) - 1000) / 1000 }
        return Matrix(rows: rows, columns: configuration.latentSize, values: values)
    }
}

/// What a sequence said, patch by patch.
struct Spoken: Equatable {
    var latents: [[Float]] = []
    var samples: [[Float]] = []
    var finishReason: FinishReason?

    mutating func add(_ patch: Patch) {
        latents.append(patch.latents)
        samples.append(patch.samples)
    }

    /// Whether one is the other's beginning.
    func begins(_ other: Spoken) -> Bool { other.latents.starts(with: latents) && other.samples.starts(with: samples) }

    /// What a request says with a model for itself.
    static func alone(_ model: VoxCPMModel, _ request: GenerationRequest) throws -> Spoken {
        let generation = try Generation(model, request)
        var spoken = Spoken()
        while let patch = try generation.next() { spoken.add(patch) }
        spoken.finishReason = generation.finishReason
        return spoken
    }
}
