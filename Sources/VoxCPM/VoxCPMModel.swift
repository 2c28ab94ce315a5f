public import Checkpoint
public import Compute
import Foundation

/// VoxCPM: a text-semantic language model plans, a residual language model refines, a local diffusion transformer
/// paints each patch of latents, and an audio VAE turns latents into sound.
///
/// The model is its weights: immutable, and shared by every ``Generation``.
///
/// Reference: `VoxCPMModel`.
public final class VoxCPMModel: Sendable {
    public let configuration: ModelConfiguration
    /// What the weights are stored as.
    public let precision: Precision
    public let backend: any Backend
    let team: WorkerTeam
    let semanticLM: TextSemanticLM
    let residualLM: ResidualAcousticLM
    let localEncoder: LocalEncoder
    let quantizer: ScalarQuantizer
    let stopPredictor: StopPredictor
    let flowMatching: FlowMatching
    /// The projections of both language models' states into the diffusion transformer.
    let semanticToDiT: LinearWeight
    let residualToDiT: LinearWeight
    public let audioVAE: AudioVAE

    /// The token that ends the text and starts the audio.
    public static let audioStartToken = 101

    /// Loads a checkpoint: checks it, packs its weights.
    ///
    /// - Parameters:
    ///   - folder: A checkpoint in the official layout.
    ///   - precision: What the weights of the linear layers are stored as.
    ///   - threads: Threads of the engine.
    ///   - instructionSet: `scalar`, `avx2`, `avx512` or `neon`; nil for the best that the machine runs.
    ///   - progress: Called with bytes read and bytes in all.
    /// - Throws: The faults of the checkpoint, or ``ComputeError``.
    public convenience init(
        _ folder: CheckpointFolder, precision: Precision = .f32, threads: Int, instructionSet: String? = nil,
        progress: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        try folder.verify()
        try self.init(
            configuration: folder.configuration, weights: folder.model, audioVAEWeights: folder.audioVAE,
            precision: precision, threads: threads, instructionSet: instructionSet, progress: progress)
    }

    /// Loads weights from any source of tensors.
    public init(
        configuration: ModelConfiguration, weights: any TensorSource, audioVAEWeights: any TensorSource,
        precision: Precision = .f32, threads: Int, instructionSet: String? = nil,
        progress: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        let team = WorkerTeam(count: threads)
        let backend = try CPUBackend(team: team, instructionSet: instructionSet)
        let total = weights.tensors.values.reduce(0) { $0 + $1.count * $1.type.byteCount }
        var done = 0
        let reader = WeightReader(source: weights, precision: precision, team: team) { bytes in
            done += bytes
            progress(done, total)
        }
        self.configuration = configuration
        self.precision = precision
        self.backend = backend
        self.team = team
        semanticLM = try TextSemanticLM(configuration, weights: reader)
        residualLM = try ResidualAcousticLM(configuration, beside: semanticLM, weights: reader)
        localEncoder = try LocalEncoder(configuration, weights: reader)
        quantizer = try ScalarQuantizer(configuration, weights: reader)
        stopPredictor = try StopPredictor(weights: reader)
        flowMatching = try FlowMatching(configuration, weights: reader)
        semanticToDiT = try reader.delicate.linear("lm_to_dit_proj", hasBias: true)
        residualToDiT = try reader.delicate.linear("res_to_dit_proj", hasBias: true)
        audioVAE = try AudioVAE(
            configuration: configuration.audioVAE, weights: audioVAEWeights, backend: backend, team: team)
        progress(total, total)
    }

    /// Samples per second of the audio.
    public var sampleRateHz: Int { configuration.audioVAE.sampleRateHz }
    /// Samples of one patch.
    public var samplesPerPatch: Int { configuration.samplesPerPatch }
    /// Seconds of one patch.
    public var secondsPerPatch: Double { Double(samplesPerPatch) / Double(sampleRateHz) }
    /// Threads of the engine.
    public var threads: Int { team.count }
}
