import Compute

/// A causal convolution of stride 1 over time-major rows (`WNCausalConv1d` of the reference).
enum CausalConvolution {
    case depthwise(DepthwiseWeight)
    /// One linear layer over windows of `taps` consecutive rows.
    case window(LinearWeight, taps: Int)
    /// One linear layer for each tap, oldest first, for rows `dilation` apart.
    case taps([LinearWeight], dilation: Int)

    /// Rows before the first that the convolution reads.
    var history: Int {
        switch self {
        case .depthwise(let weight): (weight.taps - 1) * weight.dilation
        case .window(_, let taps): taps - 1
        case .taps(let weights, let dilation): (weights.count - 1) * dilation
        }
    }

    /// Convolves `[time, inputs]` into `[time, outputs]`, followed by a snake activation where one is given.
    ///
    /// - Parameter x: Contiguous rows with ``history`` more rows before them in the same storage.
    func apply(_ x: Matrix, snake: SnakeWeight?, into out: Matrix, on backend: any Backend) {
        switch self {
        case .depthwise(let weight):
            backend.depthwise(x, weight, snake: snake, into: out)
            return
        case .window(let weight, let taps):
            backend.linear(x.windows(of: taps), norm: nil, weight, into: out, .store)
        case .taps(let weights, let dilation):
            for (tap, weight) in weights.enumerated() {
                let x = x.shifted(by: -(weights.count - 1 - tap) * dilation)
                backend.linear(x, norm: nil, weight, into: out, tap == 0 ? .store : .residual(out, scale: 1))
            }
        }
        if let snake { backend.snake(out, snake, into: out) }
    }
}

extension Matrix {
    /// Row t of the result is rows t - taps + 1 ... t side by side, oldest first.
    func windows(of taps: Int) -> Matrix {
        Matrix(
            storage: storage, offset: offset - (taps - 1) * columns, rows: rows, columns: taps * columns,
            rowStride: columns)
    }

    /// The same number of rows, `count` rows later in the storage.
    func shifted(by count: Int) -> Matrix {
        Matrix(
            storage: storage, offset: offset + count * rowStride, rows: rows, columns: columns, rowStride: rowStride)
    }
}
