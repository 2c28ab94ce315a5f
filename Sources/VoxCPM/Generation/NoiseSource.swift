import Checkpoint
import Compute

/// The noise that patches are made of: drawn as the reference draws it, or given.
struct NoiseSource {
    private var generator: TorchGenerator
    private let given: [Float]?
    private let patchSize: Int
    private let latentSize: Int
    private let temperature: Float

    init(_ request: GenerationRequest, _ configuration: ModelConfiguration) throws {
        patchSize = configuration.patchSize
        latentSize = configuration.latentSize
        temperature = request.temperature
        generator = TorchGenerator(seed: request.seed)
        given = request.noise
        if let given, given.isEmpty || given.count % (patchSize * latentSize) != 0 {
            throw VoxCPMError.shapeMismatch(
                "noise", expected: [latentSize, patchSize], found: [given.count])
        }
    }

    /// How many patches the noise is enough for.
    var patchLimit: Int { given.map { $0.count / (patchSize * latentSize) } ?? .max }

    /// Writes the noise of a patch times the temperature, `[patchSize, latentSize]`. The reference draws `[latentSize, patchSize]`.
    mutating func fill(_ patch: Matrix, patch index: Int) {
        let count = patchSize * latentSize
        let drawn: [Float]
        if let given {
            drawn = Array(given[index * count..<(index + 1) * count])
        } else {
            drawn = generator.normals(count)
        }
        for time in 0..<patchSize {
            for latent in 0..<latentSize {
                patch.base[time * patch.rowStride + latent] = temperature * drawn[latent * patchSize + time]
            }
        }
    }
}
