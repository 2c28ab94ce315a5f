import Checkpoint
import Compute

/// The weights and layers of the decoder (`CausalDecoder` of the reference): latents `[time, latentSize]` to samples.
struct VAEDecoder {
    /// Snake and upsampling by `stride`, then three residual units (`CausalDecoderBlock`).
    struct Block {
        let name: String
        let stride: Int
        let outputs: Int
        let snake: SnakeWeight
        let upsampling: LinearWeight
        let slot: HistorySlot
        let units: [ResidualUnit]
    }

    let latentSize: Int
    let outputsPerLatent: Int
    let channels: Int
    private let firstConvolution: CausalConvolution
    /// Follows a depthwise first convolution.
    private let expansion: LinearWeight?
    private let firstSlot: HistorySlot
    private let blocks: [Block]
    private let lastSnake: SnakeWeight
    private let lastConvolution: FilterWeight
    private let lastSlot: HistorySlot
    private let lastIndex: Int
    let layout: HistoryLayout

    private static let taps = 7

    init(_ configuration: AudioVAEConfiguration, _ loader: ConvolutionWeights) throws {
        latentSize = configuration.latentSize
        outputsPerLatent = configuration.outputsPerLatent
        channels = configuration.decoderChannels
        let depthwise = configuration.depthwise
        var layout = HistoryLayout()
        var index = 0
        func next() -> String {
            defer { index += 1 }
            return "decoder.model.\(index)"
        }
        if depthwise {
            firstConvolution = .depthwise(
                try loader.depthwise(next(), channels: latentSize, taps: Self.taps, dilation: 1))
            expansion = try loader.window(next(), inputs: latentSize, outputs: channels, taps: 1)
        } else {
            firstConvolution = .window(
                try loader.window(next(), inputs: latentSize, outputs: channels, taps: Self.taps), taps: Self.taps)
            expansion = nil
        }
        firstSlot = layout.reserve(rows: firstConvolution.history, channels: latentSize)
        var blocks: [Block] = []
        var width = channels
        for stride in configuration.decoderRates {
            let number = index
            let name = "\(next()).block"
            let inputs = width
            width /= 2
            guard width > 0 else { throw AudioVAEError.tooFewChannels(configuration.decoderChannels) }
            let slot = layout.reserve(rows: 1, channels: inputs)
            blocks.append(
                Block(
                    name: "vae.decoder_layer\(number)", stride: stride, outputs: width,
                    snake: try loader.snake("\(name).0", channels: inputs),
                    upsampling: try loader.phases("\(name).1", inputs: inputs, outputs: width, stride: stride),
                    slot: slot,
                    units: try ResidualUnit.block(
                        loader, name, from: 2, channels: width, depthwise: depthwise, layout: &layout)))
        }
        self.blocks = blocks
        lastSnake = try loader.snake(next(), channels: width)
        lastIndex = index
        lastConvolution = try loader.filter(next(), inputs: width, taps: Self.taps)
        lastSlot = layout.reserve(rows: Self.taps - 1, channels: width)
        self.layout = layout
    }

    /// The scratch memory that chunks of so many latents need.
    func workspaceSize(latents: Int) -> WorkspaceSize {
        var size = WorkspaceSize()
        var rows = latents
        size.addWindow(rows: rows, channels: latentSize, history: firstSlot.rows)
        size.addStream(rows: rows, channels: channels)
        for block in blocks {
            size.addWindow(rows: rows, channels: block.slot.channels, history: 1)
            rows *= block.stride
            size.addStream(rows: rows, channels: block.outputs)
            for unit in block.units { unit.plan(rows: rows, &size) }
        }
        size.addWindow(rows: rows, channels: lastSlot.channels, history: lastSlot.rows)
        return size
    }

    /// Decodes one chunk. The history's turn is its owner's.
    ///
    /// - Parameters:
    ///   - latents: `[time, latentSize]`.
    ///   - samples: `[time * outputsPerLatent, 1]`.
    func decode(_ latents: Matrix, into samples: Matrix, _ context: ChunkContext, observer: LayerObserver?) {
        let backend = context.backend
        var stream = context.workspace.stream(rows: latents.rows, columns: channels)
        enter(latents, into: stream, context, observer: observer)
        for block in blocks {
            let rows = stream.rows
            let phases = context.workspace.stream(rows: rows, columns: block.stride * block.outputs)
            let input = context.input(block.slot, stream, snake: block.snake)
            backend.extend(input)
            backend.linear(input.windows(of: 2), norm: nil, block.upsampling, into: phases, .store)
            // The phases of a row lie side by side: they are the rows of the next resolution.
            stream = context.workspace.stream(rows: rows * block.stride, columns: block.outputs)
            for unit in block.units { unit.apply(stream, context) }
            observer?(block.name, stream)
        }
        let input = context.input(lastSlot, stream, snake: lastSnake)
        if let observer {
            backend.extend(input)
            observer("vae.decoder_layer\(lastIndex - 1)", input.fresh)
            backend.filter(input.windows(of: Self.taps), lastConvolution, into: samples)
            observer("vae.decoder_layer\(lastIndex)", samples)
            backend.tanh(samples)
        } else {
            backend.filter(input, lastConvolution, intoTanh: samples)
        }
    }

    /// The first convolution, and the expansion that follows a depthwise one.
    private func enter(_ latents: Matrix, into stream: Matrix, _ context: ChunkContext, observer: LayerObserver?) {
        let backend = context.backend
        let input = context.input(firstSlot, latents, snake: nil)
        guard let expansion, case .depthwise(let weight) = firstConvolution else {
            backend.extend(input)
            firstConvolution.apply(input.fresh, snake: nil, into: stream, on: backend)
            observer?("vae.decoder_layer0", stream)
            return
        }
        let sums = context.workspace.sums(rows: latents.rows, columns: latents.columns)
        backend.depthwise(input, weight, snake: nil, into: sums)
        observer?("vae.decoder_layer0", sums)
        backend.linear(sums, norm: nil, expansion, into: stream, .store)
        observer?("vae.decoder_layer1", stream)
    }
}
