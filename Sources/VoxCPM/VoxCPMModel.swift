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
    private let computing: Computing
    /// All weights.
    private let parts: ModelParts
    /// What became of the cache of packed weights.
    public let packs: PackCache.Outcome

    var team: WorkerTeam { computing.team }
    /// The same threads as ``team``, for the AudioVAE.
    var audioTeam: WorkerTeam { computing.audioTeam }
    /// Whether the AudioVAE has a backend of its own, so that it can decode while the language models work.
    var decodesBeside: Bool { computing.backend !== computing.audioBackend }

    var semanticLM: TextSemanticLM { parts.semanticLM }
    var residualLM: ResidualAcousticLM { parts.residualLM }
    var localEncoder: LocalEncoder { parts.localEncoder }
    var quantizer: ScalarQuantizer { parts.quantizer }
    var stopPredictor: StopPredictor { parts.stopPredictor }
    var flowMatching: FlowMatching { parts.flowMatching }
    var semanticToDiT: LinearWeight { parts.semanticToDiT }
    var residualToDiT: LinearWeight { parts.residualToDiT }
    public var audioVAE: AudioVAE { parts.audioVAE }
    var panels: PanelStore { parts.panels }

    /// The token that ends the text and starts the audio.
    public static let audioStartToken = 101

    /// Loads a checkpoint: checks it, and packs its weights or maps those that were packed before.
    ///
    /// - Parameters:
    ///   - folder: A checkpoint in the official layout.
    ///   - precision: What the weights of the linear layers are stored as.
    ///   - threads: Threads of the engine.
    ///   - instructionSet: `scalar`, `avx2`, `avx512` or `neon`; nil for the best that the machine runs.
    ///   - device: Computes everything instead of the CPU; one model at a time uses it.
    ///   - packs: Where packed weights are kept; nil to pack them in memory.
    ///   - progress: Called with bytes read and bytes in all.
    /// - Throws: The faults of the checkpoint, or ``ComputeError``.
    public convenience init(
        _ folder: CheckpointFolder, precision: Precision = .f32, threads: Int, instructionSet: String? = nil,
        device: (any Backend)? = nil, packs: PackCache? = nil,
        progress: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        try folder.verify()
        let computing = try Computing(threads: threads, instructionSet: instructionSet, device: device)
        let source = ModelParts.Source(
            configuration: folder.configuration, weights: folder.model, audioVAEWeights: folder.audioVAE,
            precision: precision, computing: computing, progress: progress)
        let loaded =
            try packs?.load(folder, source)
            ?? (parts: ModelParts(source, panels: PanelStore(), eager: false), outcome: .off)
        self.init(source, loaded.parts, packs: loaded.outcome)
    }

    /// Loads weights from any source of tensors.
    public convenience init(
        configuration: ModelConfiguration, weights: any TensorSource, audioVAEWeights: any TensorSource,
        precision: Precision = .f32, threads: Int, instructionSet: String? = nil, device: (any Backend)? = nil,
        progress: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        let computing = try Computing(threads: threads, instructionSet: instructionSet, device: device)
        let source = ModelParts.Source(
            configuration: configuration, weights: weights, audioVAEWeights: audioVAEWeights, precision: precision,
            computing: computing, progress: progress)
        self.init(source, try ModelParts(source, panels: PanelStore(), eager: false), packs: .off)
    }

    /// A model whose linear layers have their forms and no content: it takes next to no memory, and everything that
    /// follows from its dimensions can be asked of it.
    convenience init(
        formsOf weights: any TensorSource, _ audioVAEWeights: any TensorSource, configuration: ModelConfiguration,
        precision: Precision
    ) throws {
        let computing = try Computing(threads: 1, instructionSet: nil, device: nil)
        let source = ModelParts.Source(
            configuration: configuration, weights: weights, audioVAEWeights: audioVAEWeights, precision: precision,
            computing: computing, progress: { _, _ in })
        self.init(source, try ModelParts(source, panels: PanelStore(formsOnly: true), eager: false), packs: .off)
    }

    /// Bytes of the rotary tables of all transformers; one that several share counts once.
    var tableBytes: Int {
        let tables = [
            semanticLM.language.transformer, residualLM.language.transformer, localEncoder.transformer,
            flowMatching.estimator.transformer,
        ].compactMap(\.rotary).flatMap { [$0.cosines.storage, $0.sines.storage] }
        let each = Dictionary(tables.map { (ObjectIdentifier($0), $0.count) }) { first, _ in first }
        return each.values.reduce(0, +) * MemoryLayout<Float>.stride
    }

    private init(_ source: ModelParts.Source, _ parts: ModelParts, packs: PackCache.Outcome) {
        configuration = source.configuration
        precision = source.precision
        computing = source.computing
        backend = source.computing.backend
        self.parts = parts
        self.packs = packs
    }

    /// The same weights on another backend; the AudioVAE stays where it is.
    init(_ other: VoxCPMModel, on backend: any Backend) {
        configuration = other.configuration
        precision = other.precision
        self.backend = backend
        computing = other.computing
        parts = other.parts
        packs = other.packs
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
