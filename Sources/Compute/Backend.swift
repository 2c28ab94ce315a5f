/// What happens to the sums of a linear layer before they are stored.
public enum Epilogue {
    /// `out = x W + b`
    case store
    /// `out = residual + scale (x W + b)`; the residual may be `out` itself.
    case residual(Matrix, scale: Float)
    /// `out = silu(x W + b)`
    case silu
    /// `out = silu(gate) * up` for a weight packed with `init(gate:up:)`.
    case siluGate
    /// `out = round(tanh(x W + b) * scale) / scale`: scalar quantisation.
    case quantize(scale: Float)
    /// `out = tanh(x W + b)`
    case tanh
}

/// The weight of an RMS normalisation.
public struct NormWeight: Sendable {
    public let values: [Float]
    public let epsilon: Float

    public init(values: [Float], epsilon: Float) {
        self.values = values
        self.epsilon = epsilon
    }
}

/// Cosines and sines of the rotary embedding, `[positions, headSize / 2]` each.
public struct RotaryTable: Sendable {
    public let cosines: Matrix
    public let sines: Matrix

    public init(cosines: Matrix, sines: Matrix) {
        self.cosines = cosines
        self.sines = sines
    }
}

/// How many heads attention has, and how wide they are.
public struct HeadLayout: Sendable, Equatable {
    public let heads: Int
    public let keyValueHeads: Int
    public let headSize: Int

    public init(heads: Int, keyValueHeads: Int, headSize: Int) {
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headSize = headSize
    }

    /// Columns of the queries.
    public var queryWidth: Int { heads * headSize }
    /// Columns of the keys, and of the values.
    public var keyValueWidth: Int { keyValueHeads * headSize }
    /// Columns of queries, keys and values side by side.
    public var fusedWidth: Int { queryWidth + 2 * keyValueWidth }

    /// Keys and values where they lie beside the queries.
    public func keysAndValues(of qkv: Matrix) -> (keys: Matrix, values: Matrix) {
        (
            qkv[columns: queryWidth..<queryWidth + keyValueWidth],
            qkv[columns: queryWidth + keyValueWidth..<fusedWidth]
        )
    }
}

/// Where the rows of a step stand: position in the sequence, slot in the key-value cache, and the span of key rows
/// that each query row sees.
///
/// A step may have fewer rows than its plan: the plan's first ones count.
public struct RowPlan: Sendable {
    public var positions: [Int32]
    public var slots: [Int32]
    public var spanBegins: [Int32]
    public var spanEnds: [Int32]

    public init(positions: [Int32], slots: [Int32], spanBegins: [Int32], spanEnds: [Int32]) {
        self.positions = positions
        self.slots = slots
        self.spanBegins = spanBegins
        self.spanEnds = spanEnds
    }

    /// Groups of `length` rows that see their own group only, from position 0: the local encoder and the local
    /// diffusion transformer.
    public static func groups(_ count: Int, of length: Int) -> RowPlan {
        var plan = RowPlan(positions: [], slots: [], spanBegins: [], spanEnds: [])
        for group in 0..<count {
            for row in 0..<length {
                plan.positions.append(Int32(row))
                plan.slots.append(Int32(group * length + row))
                plan.spanBegins.append(Int32(group * length))
                plan.spanEnds.append(Int32((group + 1) * length))
            }
        }
        return plan
    }

    /// `count` rows of one sequence from `position` on; each sees itself and all before it. The sequence's cache
    /// begins at row `base`.
    public static func causal(from position: Int, count: Int, base: Int = 0) -> RowPlan {
        let rows = position..<(position + count)
        return RowPlan(
            positions: rows.map { Int32($0) }, slots: rows.map { Int32(base + $0) },
            spanBegins: rows.map { _ in Int32(base) }, spanEnds: rows.map { Int32(base + $0 + 1) })
    }

    /// One row for each of several sequences at their own positions: a language model step for a batch.
    public static func steps(_ sequences: [(position: Int, base: Int)]) -> RowPlan {
        RowPlan(
            positions: sequences.map { Int32($0.position) }, slots: sequences.map { Int32($0.base + $0.position) },
            spanBegins: sequences.map { Int32($0.base) },
            spanEnds: sequences.map { Int32($0.base + $0.position + 1) })
    }

    /// Puts a row to a position of a sequence whose cache begins at row `base`; it sees itself and all before it.
    public mutating func place(_ row: Int, at position: Int, base: Int) {
        positions[row] = Int32(position)
        slots[row] = Int32(base + position)
        spanBegins[row] = Int32(base)
        spanEnds[row] = Int32(base + position + 1)
    }
}

/// The operations that the model is written over: whole fused steps on memory laid out beforehand.
///
/// A CPU executes a step at once; a GPU may record it. One thread at a time calls a backend.
public protocol Backend: AnyObject, Sendable {
    /// Throws what has failed since the backend was made. Steps do not throw: whoever uses what they gave asks here.
    func check() throws

    /// Lays out what the backend itself needs for the largest steps to come, so that none of them allocates.
    ///
    /// - Parameters:
    ///   - rows: The most rows of a step.
    ///   - columns: The most inputs of a linear layer in a transformer.
    ///   - heads: The heads whose spans are longest.
    ///   - span: The most keys that a row sees.
    func reserve(rows: Int, columns: Int, heads: HeadLayout, span: Int)

    /// Lays out what belongs to storages that will all be used, side by side in one piece where the backend has memory of
    /// its own.
    func layOut(_ storages: [Storage])

    /// `out = epilogue(norm(x) W^T + b)` for every row.
    func linear(_ x: Matrix, norm: NormWeight?, _ weight: LinearWeight, into out: Matrix, _ epilogue: Epilogue)

    /// RMS normalisation of every row.
    func normalize(_ x: Matrix, _ norm: NormWeight, into out: Matrix)

    /// Rotates queries and keys of `qkv` in place and stores keys and values into the cache, where there is one.
    func rotate(
        _ qkv: Matrix, heads: HeadLayout, table: RotaryTable?, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan)

    /// Attention of every query row of `qkv` over its span of keys, in the cache or in `qkv` itself.
    func attend(
        _ qkv: Matrix, heads: HeadLayout, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan, into out: Matrix)

    /// Rotates queries and keys, stores keys and values into the cache where there is one, and attends: ``rotate`` and
    /// ``attend`` in one. What is left in `qkv` is not to be read.
    func rotateAndAttend(
        _ qkv: Matrix, heads: HeadLayout, table: RotaryTable?, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan,
        into out: Matrix)

    /// ``rotateAndAttend`` and a linear layer over what it gives: attention with its projection. What is left in `qkv` and
    /// in `attended` is not to be read.
    func attendAndProject(
        _ qkv: Matrix, heads: HeadLayout, table: RotaryTable?, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan,
        attended: Matrix, _ weight: LinearWeight, into out: Matrix, _ epilogue: Epilogue)

    /// `out = a + b`, element by element; `out` may be `a` or `b`.
    func add(_ a: Matrix, _ b: Matrix, into out: Matrix)

    /// Copies between matrices of one shape.
    func copy(_ x: Matrix, into out: Matrix)

    /// Classifier-free guidance and one Euler step: `x -= delta * (free + cfg * (guided - free))`, where zero-star
    /// scales the free branch by `<guided, free> / (<free, free> + 1e-8)` over the whole patch.
    ///
    /// All three are contiguous and of one shape.
    func guide(_ x: Matrix, guided: Matrix, free: Matrix, cfg: Float, zeroStar: Bool, delta: Float)

    /// The snake activation `x + sin^2(alpha x) / (alpha + 1e-9)`, per column; `out` may be `x`.
    func snake(_ x: Matrix, _ weight: SnakeWeight, into out: Matrix)

    /// A depthwise causal convolution over the rows of `x`, followed by the snake activation where one is given. The
    /// `(taps - 1) * dilation` rows before its first row are read: the view must not be the start of its storage.
    func depthwise(_ x: Matrix, _ weight: DepthwiseWeight, snake: SnakeWeight?, into out: Matrix)

    /// A linear layer with a single output, `[rows, 1]`: the last convolution of the AudioVAE decoder.
    func filter(_ x: Matrix, _ weight: FilterWeight, into out: Matrix)

    /// The hyperbolic tangent of every value, in place.
    func tanh(_ x: Matrix)

    // What follows is made of the steps above; a backend to which steps cost more than what they compute fuses it.

    /// Puts `first`, one row, and then the next `size` of `rows`, into each group of `out`.
    func layOut(_ first: Matrix, before rows: Matrix, size: Int, into out: Matrix)

    /// Starts one Euler step of flow matching.
    func enter(_ entry: FlowEntry)

    /// Fills the window of a causal convolution, and keeps the last rows for the next chunk.
    func extend(_ input: CausalInput)

    /// A depthwise causal convolution over a chunk and what lies before it, followed by the snake activation where one
    /// is given; keeps the last rows for the next chunk. `out` is not what it reads.
    func depthwise(_ input: CausalInput, _ weight: DepthwiseWeight, snake: SnakeWeight?, into out: Matrix)

    /// The hyperbolic tangent of a causal convolution with a single output, `[rows, 1]`; keeps the last rows for the next
    /// chunk.
    func filter(_ input: CausalInput, _ weight: FilterWeight, intoTanh out: Matrix)

    /// Whether computing rows that nobody reads costs less than leaving them out.
    var runsWholeGroups: Bool { get }

    /// Runs a chain of steps that is run again and again, so that a backend may record it and start it at once.
    ///
    /// The host neither reads nor writes a matrix while the steps run.
    ///
    /// - Parameters:
    ///   - key: What the steps depend on.
    ///   - shelf: Where the backend keeps what it recorded.
    ///   - plans: The plans among those of the steps whose numbers may differ from time to time.
    func chain(_ key: ChainKey, on shelf: ChainShelf, plans: [RowPlan], _ steps: () -> Void)
}

extension Backend {
    public func layOut(_ storages: [Storage]) {}

    public func rotateAndAttend(
        _ qkv: Matrix, heads: HeadLayout, table: RotaryTable?, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan,
        into out: Matrix
    ) {
        rotate(qkv, heads: heads, table: table, cache: cache, plan: plan)
        attend(qkv, heads: heads, cache: cache, plan: plan, into: out)
    }

    public func attendAndProject(
        _ qkv: Matrix, heads: HeadLayout, table: RotaryTable?, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan,
        attended: Matrix, _ weight: LinearWeight, into out: Matrix, _ epilogue: Epilogue
    ) {
        rotateAndAttend(qkv, heads: heads, table: table, cache: cache, plan: plan, into: attended)
        linear(attended, norm: nil, weight, into: out, epilogue)
    }
}

/// The snake activation's alpha per channel, and what the sine is multiplied with.
public struct SnakeWeight: Sendable {
    public let alpha: [Float]
    public let inverse: [Float]

    public init(alpha: [Float]) {
        self.alpha = alpha
        inverse = alpha.map { 1 / ($0 + 1e-9) }
    }
}

/// A depthwise convolution's weights, `[taps, channels]` with the oldest tap first, and its bias.
public struct DepthwiseWeight: Sendable {
    public let taps: Int
    public let dilation: Int
    public let weights: [Float]
    public let bias: [Float]?

    /// - Parameter weights: `[taps * channels]`, the oldest tap first.
    public init(taps: Int, dilation: Int, weights: [Float], bias: [Float]?) {
        self.taps = taps
        self.dilation = dilation
        self.weights = weights
        self.bias = bias
    }
}

/// The weight of a linear layer with one output.
public struct FilterWeight: Sendable {
    public let weights: [Float]
    public let bias: Float

    public init(weights: [Float], bias: Float) {
        self.weights = weights
        self.bias = bias
    }
}
