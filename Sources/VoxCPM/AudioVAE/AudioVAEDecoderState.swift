public import Compute

/// Decodes the latents of one sequence as they come. Nothing is computed twice, and the samples equal those of one
/// decoding of the whole to the bit.
public final class AudioVAEDecoderState {
    /// Sees the layers' outputs of every chunk, where there is one.
    public var observer: LayerObserver?
    /// The most latents that one call may give.
    public let maxChunk: Int
    private let decoder: VAEDecoder
    private let context: ChunkContext
    private let samples: Matrix

    init(_ decoder: VAEDecoder, backend: any Backend, workspace: ConvolutionWorkspace, maxChunk: Int) {
        self.decoder = decoder
        self.maxChunk = maxChunk
        context = ChunkContext(backend: backend, workspace: workspace, history: ConvolutionHistory(decoder.layout))
        samples = Matrix(rows: maxChunk * decoder.outputsPerLatent, columns: 1)
    }

    /// Decodes the next latents. Allocates nothing.
    ///
    /// - Parameter latents: `[time, latentSize]`, at most ``maxChunk`` rows.
    /// - Returns: `time * outputsPerLatent` samples in -1 ... 1, valid until the next call.
    public func decode(_ latents: Matrix) -> UnsafeBufferPointer<Float> {
        precondition(latents.rows <= maxChunk, "\(latents.rows) latents for a decoder of at most \(maxChunk)")
        precondition(latents.columns == decoder.latentSize, "latents of \(latents.columns) features")
        guard latents.rows > 0 else { return UnsafeBufferPointer(start: samples.readable, count: 0) }
        let result = samples.prefix(latents.rows * decoder.outputsPerLatent)
        decoder.decode(latents, into: result, context, observer: observer)
        context.history.turn()
        return UnsafeBufferPointer(start: result.readable, count: result.rows)
    }

    /// Forgets the sequence: the next latents are the first of another.
    public func reset() { context.history.reset() }
}
