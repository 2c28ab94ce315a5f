import Compute

/// `x + pointwise(snake(convolution(snake(x))))`, in place (`CausalResidualUnit` of the reference).
struct ResidualUnit {
    private let first: SnakeWeight
    private let convolution: CausalConvolution
    private let second: SnakeWeight
    private let pointwise: LinearWeight
    private let slot: HistorySlot

    static let taps = 7
    /// Dilations of the three units of a block.
    static let dilations = [1, 3, 9]

    init(
        _ loader: ConvolutionWeights, _ name: String, channels: Int, dilation: Int, depthwise: Bool,
        layout: inout HistoryLayout
    ) throws {
        first = try loader.snake("\(name).block.0", channels: channels)
        second = try loader.snake("\(name).block.2", channels: channels)
        let inner = "\(name).block.1"
        if depthwise {
            convolution = .depthwise(
                try loader.depthwise(inner, channels: channels, taps: Self.taps, dilation: dilation))
        } else if dilation == 1 {
            convolution = .window(
                try loader.window(inner, inputs: channels, outputs: channels, taps: Self.taps), taps: Self.taps)
        } else {
            convolution = .taps(
                try loader.taps(inner, inputs: channels, outputs: channels, taps: Self.taps), dilation: dilation)
        }
        pointwise = try loader.window("\(name).block.3", inputs: channels, outputs: channels, taps: 1)
        slot = layout.reserve(rows: convolution.history, channels: channels)
    }

    /// The three units of a block, numbered from `start`.
    static func block(
        _ loader: ConvolutionWeights, _ name: String, from start: Int, channels: Int, depthwise: Bool,
        layout: inout HistoryLayout
    ) throws -> [ResidualUnit] {
        var units: [ResidualUnit] = []
        for (index, dilation) in dilations.enumerated() {
            units.append(
                try ResidualUnit(
                    loader, "\(name).\(start + index)", channels: channels, dilation: dilation, depthwise: depthwise,
                    layout: &layout))
        }
        return units
    }

    /// Room for chunks of `rows` rows.
    func plan(rows: Int, _ size: inout WorkspaceSize) {
        size.addWindow(rows: rows, channels: slot.channels, history: slot.rows)
    }

    func apply(_ x: Matrix, _ context: ChunkContext) {
        let backend = context.backend
        let sums = context.workspace.sums(rows: x.rows, columns: x.columns)
        let input = context.input(slot, x, snake: first)
        if case .depthwise(let weight) = convolution {
            backend.depthwise(input, weight, snake: second, into: sums)
        } else {
            backend.extend(input)
            convolution.apply(input.fresh, snake: second, into: sums, on: backend)
        }
        backend.linear(sums, norm: nil, pointwise, into: x, .residual(x, scale: 1))
    }
}
