import Checkpoint
import Compute

/// All weights of a model, read once.
struct ModelParts: Sendable {
    let semanticLM: TextSemanticLM
    let residualLM: ResidualAcousticLM
    let localEncoder: LocalEncoder
    let quantizer: ScalarQuantizer
    let stopPredictor: StopPredictor
    let flowMatching: FlowMatching
    /// The projections of both language models' states into the diffusion transformer.
    let semanticToDiT: LinearWeight
    let residualToDiT: LinearWeight
    let audioVAE: AudioVAE
    /// The linear weights by name.
    let panels: PanelStore

    /// Where weights are read from and what they become.
    struct Source {
        let configuration: ModelConfiguration
        let weights: any TensorSource
        let audioVAEWeights: any TensorSource
        let precision: Precision
        let computing: Computing
        /// Called with bytes used and bytes in all.
        let progress: (_ done: Int, _ total: Int) -> Void
    }

    /// - Parameters:
    ///   - panels: Has the packed weights, or packs them.
    ///   - eager: Whether the AudioVAE's encoder is loaded now and not when the first prompt is encoded.
    init(_ source: Source, panels: PanelStore, eager: Bool) throws {
        let configuration = source.configuration
        let total = source.weights.tensors.values.reduce(0) { $0 + $1.byteCount }
        var done = 0
        let reader = WeightReader(
            source: source.weights, precision: source.precision, team: source.computing.team, panels: panels
        ) { bytes in
            done += bytes
            source.progress(done, total)
        }
        self.panels = panels
        // First, because folding its weights needs several copies of the largest for a moment.
        audioVAE = try AudioVAE(
            configuration.audioVAE,
            ConvolutionWeights(
                source: source.audioVAEWeights, precision: .f32, team: source.computing.team, panels: panels),
            backend: source.computing.audioBackend)
        if eager { try audioVAE.loadedEncoder() }
        semanticLM = try TextSemanticLM(configuration, weights: reader)
        residualLM = try ResidualAcousticLM(configuration, beside: semanticLM, weights: reader)
        localEncoder = try LocalEncoder(configuration, weights: reader)
        quantizer = try ScalarQuantizer(configuration, weights: reader)
        stopPredictor = try StopPredictor(weights: reader)
        flowMatching = try FlowMatching(configuration, weights: reader)
        semanticToDiT = try reader.delicate.linear("lm_to_dit_proj", hasBias: true)
        residualToDiT = try reader.delicate.linear("res_to_dit_proj", hasBias: true)
        source.progress(total, total)
    }
}
