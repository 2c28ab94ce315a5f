public import Compute

/// Collects named intermediate tensors, for people who port or debug. The names are those of the fixtures' manifest.
public final class TraceRecorder {
    /// One recorded tensor.
    public struct Tensor: Sendable, Equatable {
        public var shape: [Int]
        public var values: [Float]
    }

    /// What was recorded, by name.
    public private(set) var tensors: [String: Tensor] = [:]
    /// Recorded integers, by name: tokens and masks.
    public private(set) var integers: [String: [Int]] = [:]

    public init() {}

    /// Records integers.
    public func set(_ name: String, integers values: [Int]) { integers[name] = values }

    /// Records a matrix.
    public func set(_ name: String, _ matrix: Matrix) {
        set(name, shape: [matrix.rows, matrix.columns], matrix.values())
    }

    /// Records values with a shape.
    public func set(_ name: String, shape: [Int], _ values: [Float]) {
        tensors[name] = Tensor(shape: shape, values: values)
    }

    /// Adds one element to a list: a tensor of shape `[n] + shape`, or a vector that grows where `shape` is empty.
    public func append(_ name: String, shape: [Int], _ values: [Float]) {
        var tensor = tensors[name] ?? Tensor(shape: [0] + shape, values: [])
        tensor.shape[0] += shape.isEmpty ? values.count : 1
        tensor.values += values
        tensors[name] = tensor
    }

    /// Adds rows below those recorded under a name.
    func append(_ name: String, rows matrix: Matrix) {
        for row in 0..<matrix.rows {
            append(name, shape: [matrix.columns], matrix[rows: row..<row + 1].values())
        }
    }

    /// Forgets tensors: the next attempt records its own.
    func remove(_ names: String...) { remove(names) }

    /// Forgets tensors.
    func remove(_ names: [String]) {
        for name in names { tensors[name] = nil }
    }

    /// Brings the latents of a generation, recorded patch by patch, into the reference's order `[1, latents, time]`, and
    /// gives the audio its batch dimension.
    func joinLatents(latentSize: Int) {
        if let latent = tensors["latent"], !latent.values.isEmpty {
            let rows = latent.values.count / latentSize
            let matrix = Matrix(rows: rows, columns: latentSize, values: latent.values)
            set("latent", shape: [1, latentSize, rows], matrix.transposedValues())
        }
        if let audio = tensors["audio"] { set("audio", shape: [1, audio.values.count], audio.values) }
    }

    /// Adds a patch `[time, latents]` to a list in the reference's order, `[latents, time]`.
    func appendTransposed(_ name: String, _ patch: Matrix) {
        append(name, shape: [patch.columns, patch.rows], patch.transposedValues())
    }

    /// Records cached heads `[time, heads * size]` in the reference's order, `[heads, time, size]`.
    func setHeads(_ name: String, _ matrix: Matrix, _ layout: HeadLayout) {
        let size = layout.headSize
        let values = (0..<layout.keyValueHeads).flatMap { head in
            matrix[columns: head * size..<(head + 1) * size].values()
        }
        set(name, shape: [layout.keyValueHeads, matrix.rows, size], values)
    }
}

extension Matrix {
    /// The values, column by column.
    func transposedValues() -> [Float] {
        (0..<columns).flatMap { column in (0..<rows).map { base[$0 * rowStride + column] } }
    }
}
