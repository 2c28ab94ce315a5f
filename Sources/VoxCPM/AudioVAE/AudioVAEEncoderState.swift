import Compute

/// Encodes the samples of one sequence as they come.
public final class AudioVAEEncoderState {
    /// Sees the layers' outputs of every chunk, where there is one.
    public var observer: LayerObserver?
    private let encoder: VAEEncoder
    private let context: ChunkContext
    private let samples: Matrix
    private let latents: Matrix
    private var sampleCount = 0

    init(
        _ encoder: VAEEncoder, backend: any Backend, workspace: ConvolutionWorkspace, maxChunk: Int, maxLatents: Int
    ) {
        self.encoder = encoder
        context = ChunkContext(backend: backend, workspace: workspace, history: ConvolutionHistory(encoder.layout))
        samples = Matrix(rows: maxChunk, columns: 1)
        latents = Matrix(rows: maxLatents, columns: encoder.latentSize)
    }

    /// Takes the next samples, as many as there are.
    ///
    /// - Returns: The means of all latents that are complete now, `[time, latentSize]` row by row.
    public func encode(_ samples: some RandomAccessCollection<Float>) -> [Float] {
        var result: [Float] = []
        var rest = samples[...]
        while !rest.isEmpty {
            let chunk = rest.prefix(self.samples.rows)
            rest = rest.dropFirst(chunk.count)
            let input = self.samples.prefix(chunk.count)
            input.write(chunk)
            let rows = encoder.encode(input, into: latents, context, observer: observer)
            result += latents.prefix(rows).values()
        }
        sampleCount += samples.count
        return result
    }

    /// Fills the last latent with silence.
    ///
    /// - Returns: The means of the latents that were not complete before, `[time, latentSize]` row by row.
    public func finish() -> [Float] {
        let excess = sampleCount % encoder.samplesPerLatent
        return excess == 0 ? [] : encode(repeatElement(0, count: encoder.samplesPerLatent - excess))
    }

    /// Forgets the sequence: the next samples are the first of another.
    public func reset() {
        context.history.reset()
        sampleCount = 0
    }
}
