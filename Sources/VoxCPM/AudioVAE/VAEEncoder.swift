import Checkpoint
import Compute

/// The weights and layers of the encoder (`CausalEncoder` of the reference): samples to the means of the latents.
struct VAEEncoder {
    /// Three residual units and a snake, then a convolution of kernel `2 * stride` (`CausalEncoderBlock`).
    struct Block {
        let name: String
        let stride: Int
        let inputs: Int
        let units: [ResidualUnit]
        let snake: SnakeWeight
        let downsampling: LinearWeight
        let slot: HistorySlot

        /// How many outputs so many rows give, the ones left over from the last chunk included.
        func outputRows(from rows: Int) -> Int { rows < 2 * stride ? 0 : (rows - 2 * stride) / stride + 1 }
    }

    let latentSize: Int
    let samplesPerLatent: Int
    private let channels: Int
    private let firstConvolution: LinearWeight
    private let firstSlot: HistorySlot
    private let blocks: [Block]
    private let means: LinearWeight
    private let meansSlot: HistorySlot
    let layout: HistoryLayout

    private static let taps = 7
    private static let meansTaps = 3

    init(_ configuration: AudioVAEConfiguration, _ loader: ConvolutionWeights) throws {
        latentSize = configuration.latentSize
        samplesPerLatent = configuration.samplesPerLatent
        channels = configuration.encoderChannels
        var layout = HistoryLayout()
        firstConvolution = try loader.window("encoder.block.0", inputs: 1, outputs: channels, taps: Self.taps)
        firstSlot = layout.reserve(rows: Self.taps - 1, channels: 1)
        var width = channels
        var blocks: [Block] = []
        for (index, stride) in configuration.encoderRates.enumerated() {
            let name = "encoder.block.\(index + 1).block"
            let units = try ResidualUnit.block(
                loader, name, from: 0, channels: width, depthwise: configuration.depthwise, layout: &layout)
            // The reference pads twice ceil(stride / 2) rows of zeros on the left: one more than an odd stride needs.
            let padding = (stride + 1) / 2 * 2
            let slot = layout.reserve(rows: max(2 * stride - 1, padding), channels: width, initialRows: padding)
            blocks.append(
                Block(
                    name: "vae.encoder_block\(index + 1)", stride: stride, inputs: width, units: units,
                    snake: try loader.snake("\(name).3", channels: width),
                    downsampling: try loader.window(
                        "\(name).4", inputs: width, outputs: 2 * width, taps: 2 * stride),
                    slot: slot))
            width *= 2
        }
        self.blocks = blocks
        means = try loader.window("encoder.fc_mu", inputs: width, outputs: latentSize, taps: Self.meansTaps)
        meansSlot = layout.reserve(rows: Self.meansTaps - 1, channels: width)
        self.layout = layout
    }

    /// The scratch memory that chunks of so many samples need, and the most latents that one gives.
    func plan(samples: Int) -> (size: WorkspaceSize, latents: Int) {
        var size = WorkspaceSize()
        var rows = samples
        size.addWindow(rows: rows, channels: 1, history: firstSlot.rows)
        size.addStream(rows: rows, channels: channels)
        for block in blocks {
            for unit in block.units { unit.plan(rows: rows, &size) }
            size.addWindow(rows: rows, channels: block.inputs, history: block.slot.rows)
            rows = block.outputRows(from: rows + block.slot.rows)
            size.addStream(rows: rows, channels: 2 * block.inputs)
        }
        size.addWindow(rows: rows, channels: meansSlot.channels, history: meansSlot.rows)
        return (size, rows)
    }

    /// Encodes one chunk of any length; rows that do not fill a stride wait in the history for the next chunk.
    ///
    /// - Parameters:
    ///   - samples: `[time, 1]`.
    ///   - latents: `[at least as many rows as planned, latentSize]`.
    /// - Returns: How many rows of `latents` were written.
    func encode(_ samples: Matrix, into latents: Matrix, _ context: ChunkContext, observer: LayerObserver?) -> Int {
        let backend = context.backend
        var stream = context.workspace.stream(rows: samples.rows, columns: channels)
        context.convolve(firstSlot, rows: samples.rows) { fresh in
            backend.copy(samples, into: fresh)
        } use: { fresh in
            backend.linear(fresh.windows(of: Self.taps), norm: nil, firstConvolution, into: stream, .store)
        }
        observer?("vae.encoder_block0", stream)
        for block in blocks {
            for unit in block.units { unit.apply(stream, context) }
            stream = downsample(stream, block, context)
            observer?(block.name, stream)
        }
        let result = latents.prefix(stream.rows)
        context.convolve(meansSlot, rows: stream.rows) { fresh in
            backend.copy(stream, into: fresh)
        } use: { fresh in
            backend.linear(fresh.windows(of: Self.meansTaps), norm: nil, means, into: result, .store)
        }
        context.history.turn()
        return stream.rows
    }

    private func downsample(_ stream: Matrix, _ block: Block, _ context: ChunkContext) -> Matrix {
        let waiting = context.history.count(block.slot)
        let available = waiting + stream.rows
        let buffer = context.workspace.window(rows: available, columns: block.inputs)
        context.history.load(block.slot, into: buffer, on: context.backend)
        context.backend.snake(stream, block.snake, into: buffer[rows: waiting..<available])
        let rows = block.outputRows(from: available)
        let result = context.workspace.stream(rows: rows, columns: 2 * block.inputs)
        let windows = Matrix(
            storage: buffer.storage, rows: rows, columns: 2 * block.stride * block.inputs,
            rowStride: block.stride * block.inputs)
        context.backend.linear(windows, norm: nil, block.downsampling, into: result, .store)
        context.history.save(
            block.slot, from: buffer, count: available - rows * block.stride, on: context.backend)
        return result
    }
}
