import Compute
import Foundation

/// What a precision costs in exactness, on one model and one request.
public struct PrecisionComparison: Sendable, Equatable, Encodable {
    /// A kind of linear layer of one transformer.
    public struct Layer: Sendable, Equatable, Encodable {
        /// The transformer, in words.
        public let part: String
        /// `q/k/v`, `o`, `gate/up` or `down`.
        public let kind: String
        /// Layers of this kind.
        public let layers: Int
        /// Root mean square of the error over that of the exact result, from the same inputs, over all steps.
        public let relativeError: Double
        /// The largest relative error of a single step.
        public let worst: Double

        enum CodingKeys: String, CodingKey {
            case part, kind, layers, worst
            case relativeError = "relative_error"
        }
    }

    public let precision: String
    public let patches: Int
    public let layers: [Layer]
    /// Relative error of the first patch's latents: no error of an earlier patch is in it.
    public let firstLatents: Double
    /// Relative error of all latents. Each patch follows from the ones before, so two ways of speaking may part.
    public let latents: Double
    /// Error of the first patch's samples over the samples, in decibels.
    public let firstAudioDecibels: Double
    /// The same of all samples.
    public let audioDecibels: Double
    /// Mean difference of natural logarithms of 80 mel bands every 10 ms.
    public let logMelDifference: Double

    enum CodingKeys: String, CodingKey {
        case precision, patches, layers, latents
        case firstLatents = "first_latents"
        case firstAudioDecibels = "first_audio_db"
        case audioDecibels = "audio_db"
        case logMelDifference = "log_mel_difference"
    }

    /// A linear layer may be this wrong, relative to its exact result.
    public static let layerLimit = 0.02

    /// Kinds of layers beyond ``layerLimit``.
    public var layersBeyondLimit: [Layer] { layers.filter { !($0.relativeError < Self.layerLimit) } }

    /// Runs a request in both models, from the same noise.
    ///
    /// - Parameters:
    ///   - exact: The model in 32-bit floats.
    ///   - rough: The same model in the precision to judge.
    ///   - request: What to speak; its stop predictor is not asked.
    ///   - patches: How many patches to make.
    /// - Throws: ``VoxCPMError``.
    public init(exact: VoxCPMModel, rough: VoxCPMModel, request: GenerationRequest, patches: Int) throws {
        var request = request
        request.minPatches = patches
        request.maxPatches = patches
        request.patchesPerToken = Double(patches)
        let errors = LayerErrors(exact.backend, exact: exact.panels.weights, rough: rough.panels.weights)
        var runs: [[Patch]] = []
        for model in [VoxCPMModel(exact, on: errors), rough] {
            var made: [Patch] = []
            _ = try model.generate(request) { patch in
                made.append(patch)
                return true
            }
            runs.append(made)
        }
        precision = rough.precision.rawValue
        self.patches = runs[0].count
        let found = errors.found
        layers = LayerErrors.Place.all.compactMap { place in
            found[place].map { sums in
                Layer(
                    part: place.part, kind: place.kind, layers: sums.layers.count,
                    relativeError: sums.total.relative, worst: sums.worst)
            }
        }
        let audio = runs.map { $0.flatMap(\.samples) }
        latents = Self.relativeError(runs[1].flatMap(\.latents), runs[0].flatMap(\.latents))
        firstLatents = Self.relativeError(runs[1].first?.latents ?? [], runs[0].first?.latents ?? [])
        audioDecibels = Self.decibels(Self.relativeError(audio[1], audio[0]))
        firstAudioDecibels = Self.decibels(
            Self.relativeError(runs[1].first?.samples ?? [], runs[0].first?.samples ?? []))
        logMelDifference = LogMelSpectrum(sampleRateHz: exact.sampleRateHz).meanDifference(audio[0], audio[1])
    }

    private static func relativeError(_ rough: [Float], _ exact: [Float]) -> Double {
        var sums = SquaredError()
        for (rough, exact) in zip(rough, exact) { sums.add(exact: exact, rough: rough) }
        return sums.relative
    }

    /// An amplitude's ratio in decibels; nothing is below -200.
    private static func decibels(_ ratio: Double) -> Double { 20 * Foundation.log10(max(ratio, 1e-10)) }
}
