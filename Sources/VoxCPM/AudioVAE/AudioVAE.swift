public import Checkpoint
public import Compute
import Synchronization

/// The audio autoencoder of VoxCPM (`AudioVAE` of the reference): samples to latents, and latents to samples.
///
/// Both directions are causal and carry their state, so audio may be processed in chunks of any size: the result is the
/// same to the bit. What ``decode(_:)`` and ``encode(_:)`` need of memory does not grow with the length of the audio,
/// but for the result itself.
///
/// Weights may be shared by any number of states; like the backend they compute on, all states of one autoencoder are
/// used by one thread at a time.
public final class AudioVAE: Sendable {
    public let configuration: AudioVAEConfiguration
    private let decoder: VAEDecoder
    /// The encoder, from its first use on: only prompts need it, and it is half of the autoencoder.
    private let encoder = Mutex<VAEEncoder?>(nil)
    private let loader: ConvolutionWeights
    private let backend: any Backend
    private let workspace = Mutex<ConvolutionWorkspace?>(nil)

    /// Latents that ``decode(_:)`` takes at a time: enough that the wide layers' weights are read rarely, few enough
    /// that the activations stay near the cores.
    private static let decodedChunk = 8
    /// Samples that ``encode(_:)`` takes at a time.
    public static let encodedChunk = 8192

    /// Reads, folds and packs the decoder's weights; the encoder's follow when the encoder is first used.
    ///
    /// - Parameters:
    ///   - weights: The tensors of `audiovae.safetensors` or `audiovae.pth`.
    ///   - precision: How the matrices are stored. Depthwise convolutions and snakes are always `f32`.
    ///   - team: Packs the weights in parallel.
    /// - Throws: `TensorError` where a tensor is missing or has another size, ``AudioVAEError``.
    public convenience init(
        configuration: AudioVAEConfiguration, weights: any TensorSource, precision: Precision = .f32,
        backend: any Backend, team: WorkerTeam
    ) throws {
        try self.init(
            configuration,
            ConvolutionWeights(source: weights, precision: precision, team: team, panels: PanelStore()),
            backend: backend)
    }

    init(_ configuration: AudioVAEConfiguration, _ loader: ConvolutionWeights, backend: any Backend) throws {
        self.configuration = configuration
        self.loader = loader
        self.backend = backend
        decoder = try VAEDecoder(configuration, loader)
    }

    /// The encoder, loaded at the first call.
    ///
    /// - Throws: `TensorError` where a tensor is missing or has another size.
    @discardableResult func loadedEncoder() throws -> VAEEncoder {
        try encoder.withLock { encoder in
            if let encoder { return encoder }
            let new = try VAEEncoder(configuration, loader)
            encoder = new
            return new
        }
    }

    /// The decoder's state for one sequence, silent until its first latents.
    ///
    /// - Parameter latents: The most latents that one call of ``AudioVAEDecoderState/decode(_:)`` may give.
    public func makeDecoder(maxChunk latents: Int) -> AudioVAEDecoderState {
        AudioVAEDecoderState(
            decoder, backend: backend, workspace: sharedWorkspace(decoder.workspaceSize(latents: latents)),
            maxChunk: latents)
    }

    /// Bytes that a decoder's state takes, and those that all decoders share.
    ///
    /// - Parameter latents: As in ``makeDecoder(maxChunk:)``.
    func decoderBytes(maxChunk latents: Int) -> (state: Int, shared: Int) {
        let size = decoder.workspaceSize(latents: latents)
        let floats = MemoryLayout<Float>.stride
        return (
            state: (2 * decoder.layout.floatCount + latents * configuration.outputsPerLatent) * floats,
            shared: (size.stream + size.window + size.sums) * floats
        )
    }

    /// Bytes that encoding a recording takes beside the encoder's weights.
    ///
    /// - Throws: `TensorError` where the encoder's weights cannot be read, at the first call.
    func encoderBytes(maxChunk samples: Int = encodedChunk) throws -> Int {
        let encoder = try loadedEncoder()
        let plan = encoder.plan(samples: samples)
        let state = 2 * encoder.layout.floatCount + samples + plan.latents * encoder.latentSize
        return (state + plan.size.stream + plan.size.window + plan.size.sums) * MemoryLayout<Float>.stride
    }

    /// The encoder's state for one sequence.
    ///
    /// - Parameter samples: How many samples are processed at a time; more only cost memory.
    /// - Throws: `TensorError` where the encoder's weights cannot be read, at the first call.
    public func makeEncoder(maxChunk samples: Int = encodedChunk) throws -> AudioVAEEncoderState {
        let encoder = try loadedEncoder()
        let plan = encoder.plan(samples: samples)
        return AudioVAEEncoderState(
            encoder, backend: backend, workspace: sharedWorkspace(plan.size), maxChunk: samples,
            maxLatents: plan.latents)
    }

    /// Decodes latents from silence.
    ///
    /// - Parameters:
    ///   - latents: `[time, latentSize]`.
    ///   - observer: Sees the layers' outputs of every chunk.
    /// - Returns: `time * outputsPerLatent` samples.
    /// - Throws: ``AudioVAEError/latentSize(expected:found:)``.
    public func decode(_ latents: Matrix, observer: LayerObserver? = nil) throws(AudioVAEError) -> [Float] {
        guard latents.columns == configuration.latentSize else {
            throw .latentSize(expected: configuration.latentSize, found: latents.columns)
        }
        let state = makeDecoder(maxChunk: min(max(latents.rows, 1), Self.decodedChunk))
        state.observer = observer
        var samples: [Float] = []
        samples.reserveCapacity(latents.rows * configuration.outputsPerLatent)
        for start in stride(from: 0, to: latents.rows, by: Self.decodedChunk) {
            samples += state.decode(latents[rows: start..<min(start + Self.decodedChunk, latents.rows)])
        }
        return samples
    }

    /// Encodes samples, padded with silence to a whole latent on the right.
    ///
    /// - Parameters:
    ///   - samples: Mono, at the model's sample rate.
    ///   - observer: Sees the layers' outputs of every chunk.
    /// - Returns: The means of the latents, `[time, latentSize]`.
    /// - Throws: `TensorError` where the encoder's weights cannot be read, at the first call; what the backend failed with.
    public func encode(_ samples: [Float], observer: LayerObserver? = nil) throws -> Matrix {
        let state = try makeEncoder()
        state.observer = observer
        let values = state.encode(samples) + state.finish()
        try backend.check()
        let width = configuration.latentSize
        return Matrix(rows: values.count / width, columns: width, values: values)
    }

    private func sharedWorkspace(_ size: WorkspaceSize) -> ConvolutionWorkspace {
        workspace.withLock { current in
            if let current, current.holds(size) { return current }
            let new = ConvolutionWorkspace(size)
            current = new
            return new
        }
    }
}
