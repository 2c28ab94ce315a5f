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
    /// The chains of steps that a device has recorded, and the storage of the latents that they read.
    private var shelf = (chains: ChainShelf(), source: ObjectIdentifier?.none)

    init(_ decoder: VAEDecoder, backend: any Backend, workspace: ConvolutionWorkspace, maxChunk: Int) {
        self.decoder = decoder
        self.maxChunk = maxChunk
        context = ChunkContext(backend: backend, workspace: workspace, history: ConvolutionHistory(decoder.layout))
        samples = Matrix(rows: maxChunk * decoder.outputsPerLatent, columns: 1)
    }

    /// What belongs to this state alone: what all decoders work in outlives it.
    var storages: [Storage] { [context.history.storage, samples.storage] }

    /// Decodes the next latents. Allocates nothing.
    ///
    /// - Parameter latents: `[time, latentSize]`, at most ``maxChunk`` rows.
    /// - Returns: `time * outputsPerLatent` samples in -1 ... 1, valid until the next call.
    public func decode(_ latents: Matrix) -> UnsafeBufferPointer<Float> {
        precondition(latents.rows <= maxChunk, "\(latents.rows) latents for a decoder of at most \(maxChunk)")
        precondition(latents.columns == decoder.latentSize, "latents of \(latents.columns) features")
        guard latents.rows > 0 else { return UnsafeBufferPointer(start: samples.readable, count: 0) }
        let result = samples.prefix(latents.rows * decoder.outputsPerLatent)
        let steps = { [decoder, context, observer] in decoder.decode(latents, into: result, context, observer: observer)
        }
        if observer == nil {
            // A chunk reads one half of the history and writes the other.
            context.backend.chain(
                ChainKey("decode", [latents.offset, latents.rows, context.history.half]), on: chains(latents.storage),
                plans: [], steps)
        } else {
            steps()
        }
        context.history.turn()
        return UnsafeBufferPointer(start: result.readable, count: result.rows)
    }

    /// The chains for latents of a storage; those for another are forgotten.
    private func chains(_ storage: Storage) -> ChainShelf {
        if shelf.source != ObjectIdentifier(storage) {
            shelf.chains.removeAll()
            shelf.source = ObjectIdentifier(storage)
        }
        return shelf.chains
    }

    /// Forgets the sequence: the next latents are the first of another.
    public func reset() { context.history.reset() }
}
