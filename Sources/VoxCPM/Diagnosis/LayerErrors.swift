import Compute
import Synchronization

/// A backend that computes like another, and at every linear layer of a transformer also computes what a less exact
/// weight would give for the same input.
final class LayerErrors: Backend {
    /// What is told apart: a transformer and a kind of its layers.
    struct Place: Hashable {
        let part: String
        let kind: String
    }

    /// What was found at a place.
    struct Sums {
        /// Over all outputs seen.
        var total = SquaredError()
        /// The largest relative error of a single step.
        var worst = 0.0
        var layers: Set<ObjectIdentifier> = []
    }

    private let base: any Backend
    private let twins: [ObjectIdentifier: (place: Place, weight: LinearWeight)]
    private let sums = Mutex<[Place: Sums]>([:])

    /// - Parameters:
    ///   - base: Computes everything.
    ///   - exact: The weights that the model on this backend uses.
    ///   - rough: The same weights, less exact.
    init(_ base: any Backend, exact: [PanelStore.Named], rough: [PanelStore.Named]) {
        self.base = base
        let byName = Dictionary(rough.map { ($0.name, $0.weight) }) { first, _ in first }
        var twins: [ObjectIdentifier: (place: Place, weight: LinearWeight)] = [:]
        for item in exact {
            guard let place = Place(weight: item.name), let twin = byName[item.name] else { continue }
            twins[ObjectIdentifier(item.weight)] = (place, twin)
        }
        self.twins = twins
    }

    /// What was found so far.
    var found: [Place: Sums] { sums.withLock { $0 } }

    func linear(_ x: Matrix, norm: NormWeight?, _ weight: LinearWeight, into out: Matrix, _ epilogue: Epilogue) {
        if let (place, twin) = twins[ObjectIdentifier(weight)] {
            let exact = Matrix(rows: x.rows, columns: weight.outputs)
            let rough = Matrix(rows: x.rows, columns: weight.outputs)
            base.linear(x, norm: norm, weight, into: exact, .store)
            base.linear(x, norm: norm, twin, into: rough, .store)
            compare(exact, rough, place, ObjectIdentifier(weight))
        }
        base.linear(x, norm: norm, weight, into: out, epilogue)
    }

    private func compare(_ exact: Matrix, _ rough: Matrix, _ place: Place, _ layer: ObjectIdentifier) {
        var step = SquaredError()
        let (left, right) = (exact.readable, rough.readable)
        for index in 0..<exact.rows * exact.columns {
            step.add(exact: left[index], rough: right[index])
        }
        sums.withLock { sums in
            var found = sums[place, default: Sums()]
            found.total += step
            found.worst = max(found.worst, step.relative)
            found.layers.insert(layer)
            sums[place] = found
        }
    }

    func check() throws { try base.check() }

    func reserve(rows: Int, columns: Int, heads: HeadLayout, span: Int) {
        base.reserve(rows: rows, columns: columns, heads: heads, span: span)
    }

    func normalize(_ x: Matrix, _ norm: NormWeight, into out: Matrix) { base.normalize(x, norm, into: out) }

    func rotate(
        _ qkv: Matrix, heads: HeadLayout, table: RotaryTable?, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan
    ) { base.rotate(qkv, heads: heads, table: table, cache: cache, plan: plan) }

    func attend(
        _ qkv: Matrix, heads: HeadLayout, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan, into out: Matrix
    ) { base.attend(qkv, heads: heads, cache: cache, plan: plan, into: out) }

    func add(_ a: Matrix, _ b: Matrix, into out: Matrix) { base.add(a, b, into: out) }

    func copy(_ x: Matrix, into out: Matrix) { base.copy(x, into: out) }

    func guide(_ x: Matrix, guided: Matrix, free: Matrix, cfg: Float, zeroStar: Bool, delta: Float) {
        base.guide(x, guided: guided, free: free, cfg: cfg, zeroStar: zeroStar, delta: delta)
    }

    func snake(_ x: Matrix, _ weight: SnakeWeight, into out: Matrix) { base.snake(x, weight, into: out) }

    func depthwise(_ x: Matrix, _ weight: DepthwiseWeight, snake: SnakeWeight?, into out: Matrix) {
        base.depthwise(x, weight, snake: snake, into: out)
    }

    func filter(_ x: Matrix, _ weight: FilterWeight, into out: Matrix) { base.filter(x, weight, into: out) }

    func tanh(_ x: Matrix) { base.tanh(x) }
}

extension LayerErrors.Place {
    private static let parts = [
        ("base_lm.", "text-semantic LM"), ("residual_lm.", "residual LM"), ("feat_encoder.", "local encoder"),
        ("feat_decoder.", "diffusion transformer"),
    ]
    private static let kinds = [
        ("q_proj", "q/k/v"), ("o_proj", "o"), ("gate_proj", "gate/up"), ("down_proj", "down"),
    ]

    /// In the order of a table.
    static let all = parts.flatMap { part in kinds.map { LayerErrors.Place(part: part.1, kind: $0.1) } }

    /// The place of a weight by its name in a pack; nil for layers outside the transformers.
    fileprivate init?(weight name: String) {
        guard name.contains(".layers."), let part = Self.parts.first(where: { name.hasPrefix($0.0) }),
            let kind = Self.kinds.first(where: { name.contains($0.0) })
        else { return nil }
        self.init(part: part.1, kind: kind.1)
    }
}
