/// The rows that a causal convolution of stride 1 reads: a chunk, activated where wished, behind the last rows of the
/// chunk before.
public struct CausalInput {
    /// `[rows, channels]`, contiguous: the chunk.
    public let rows: Matrix
    /// The activation of the chunk; what is kept has it already.
    public let snake: SnakeWeight?
    /// `[history, channels]`, contiguous: the rows before the chunk.
    public let kept: Matrix
    /// The same shape: where the rows before the next chunk go. Not the same memory as ``kept``.
    public let next: Matrix
    /// `[history + rows, channels]`, contiguous: for both, one behind the other; only some backends need it.
    public let window: Matrix

    public init(rows: Matrix, snake: SnakeWeight?, kept: Matrix, next: Matrix, window: Matrix) {
        self.rows = rows
        self.snake = snake
        self.kept = kept
        self.next = next
        self.window = window
    }

    /// The shapes that a step may have, as in ``StepShapes``.
    public func check() {
        precondition(
            [rows, kept, next, window].allSatisfy { $0.rowStride == $0.columns && $0.columns == rows.columns },
            "causal convolutions work on contiguous rows of one width")
        precondition(
            kept.rows == next.rows && window.rows == kept.rows + rows.rows, "a history of another length")
        precondition(snake.map { $0.alpha.count == rows.columns } ?? true, "a snake of another width")
    }

    /// Where the chunk lies in ``window``.
    public var fresh: Matrix { window[rows: kept.rows..<window.rows] }

    /// Row t of the result is rows t - taps + 1 ... t of the chunk side by side, oldest first.
    public func windows(of taps: Int) -> Matrix {
        let fresh = fresh
        return Matrix(
            storage: fresh.storage, offset: fresh.offset - (taps - 1) * fresh.columns, rows: fresh.rows,
            columns: taps * fresh.columns, rowStride: fresh.columns)
    }
}

extension Backend {
    public func extend(_ input: CausalInput) { extendStepByStep(input) }

    public func depthwise(_ input: CausalInput, _ weight: DepthwiseWeight, snake: SnakeWeight?, into out: Matrix) {
        extend(input)
        depthwise(input.fresh, weight, snake: snake, into: out)
    }

    public func filter(_ input: CausalInput, _ weight: FilterWeight, intoTanh out: Matrix) {
        extend(input)
        filter(input.windows(of: weight.weights.count / input.rows.columns), weight, into: out)
        tanh(out)
    }

    /// ``extend(_:)`` made of other steps.
    public func extendStepByStep(_ input: CausalInput) {
        copy(input.kept, into: input.window.prefix(input.kept.rows))
        if let alpha = input.snake {
            snake(input.rows, alpha, into: input.fresh)
        } else {
            copy(input.rows, into: input.fresh)
        }
        copy(input.window[rows: input.window.rows - input.kept.rows..<input.window.rows], into: input.next)
    }
}
