import Checkpoint
import Compute

/// The noise that patches are made of: drawn as the reference draws it, or given.
struct NoiseSource {
    private var generator: TorchGenerator
    private let given: [Float]?
    private let patchSize: Int
    private let latentSize: Int
    private let temperature: Float
    /// One patch in the order of drawing, `[latentSize, patchSize]`.
    private var drawn: [Float]

    init(_ request: GenerationRequest, _ configuration: ModelConfiguration) throws {
        patchSize = configuration.patchSize
        latentSize = configuration.latentSize
        temperature = request.temperature
        drawn = Array(repeating: 0, count: patchSize * latentSize)
        generator = TorchGenerator(seed: request.seed)
        given = request.noise
        if let given, given.isEmpty || given.count % (patchSize * latentSize) != 0 {
            throw VoxCPMError.shapeMismatch(
                "noise", expected: [latentSize, patchSize], found: [given.count])
        }
    }

    /// How many patches the noise is enough for.
    var patchLimit: Int { given.map { $0.count / (patchSize * latentSize) } ?? .max }

    /// Writes the noise of a patch times the temperature, `[patchSize, latentSize]`. The reference draws
    /// `[latentSize, patchSize]`.
    mutating func fill(_ patch: Matrix, patch index: Int) {
        let count = patchSize * latentSize
        if let given {
            for value in 0..<count { drawn[value] = given[index * count + value] }
        } else {
            generator.fillNormals(&drawn)
        }
        let base = patch.replaceable
        for time in 0..<patchSize {
            for latent in 0..<latentSize {
                base[time * patch.rowStride + latent] = temperature * drawn[latent * patchSize + time]
            }
        }
    }
}
