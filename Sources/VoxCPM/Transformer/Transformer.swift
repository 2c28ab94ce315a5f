import Checkpoint
public import Compute

/// The MiniCPM-4 block stack that all four parts of VoxCPM are made of: pre-norm attention with grouped heads and
/// rotary positions, and a SiLU-gated feed-forward layer.
///
/// Reference: `MiniCPMModel` without its token embedding.
public final class Transformer: Sendable {
    public let hiddenSize: Int
    public let heads: HeadLayout
    public let layerCount: Int
    private let layers: [Layer]
    /// The normalisation after the last layer.
    public let finalNorm: NormWeight
    private let rope: LongRoPE?
    /// The table of ``rope``.
    let rotary: RotaryTable?
    private let feedForwardSize: Int
    /// What a layer's result is multiplied with before it joins the residual stream: muP's depth scale, or 1.
    private let residualScale: Float

    /// One layer's weights.
    private struct Layer: Sendable {
        let attentionNorm: NormWeight
        let queryKeyValue: LinearWeight
        let output: LinearWeight
        let feedForwardNorm: NormWeight
        let gateUp: LinearWeight
        let down: LinearWeight
    }

    /// - Parameters:
    ///   - prefix: What the names of the tensors begin with, such as `base_lm`.
    ///   - positions: How long a sequence can become; sizes the rotary table.
    ///   - sibling: A transformer whose rotary table is shared where it is the same.
    init(
        _ configuration: TransformerConfiguration, prefix: String, positions: Int, weights: WeightReader,
        sibling: Transformer? = nil
    ) throws {
        hiddenSize = configuration.hiddenSize
        feedForwardSize = configuration.feedForwardSize
        layerCount = configuration.layerCount
        heads = HeadLayout(
            heads: configuration.headCount, keyValueHeads: configuration.keyValueHeadCount,
            headSize: configuration.headSize)
        residualScale = Float(configuration.residualScale)
        let rope = configuration.usesRoPE ? LongRoPE(configuration, positions: positions) : nil
        rotary = rope == sibling?.rope ? sibling?.rotary : rope?.table()
        self.rope = rope
        let epsilon = Float(configuration.rmsNormEpsilon)
        finalNorm = try weights.norm("\(prefix).norm", epsilon: epsilon)
        layers = try (0..<configuration.layerCount).map { index in
            let name = "\(prefix).layers.\(index)"
            return Layer(
                attentionNorm: try weights.norm("\(name).input_layernorm", epsilon: epsilon),
                queryKeyValue: try weights.linear(
                    stacking: ["q_proj", "k_proj", "v_proj"].map { "\(name).self_attn.\($0)" }),
                output: try weights.linear("\(name).self_attn.o_proj", hasBias: false),
                feedForwardNorm: try weights.norm("\(name).post_attention_layernorm", epsilon: epsilon),
                gateUp: try weights.gated(gate: "\(name).mlp.gate_proj", up: "\(name).mlp.up_proj"),
                down: try weights.linear("\(name).mlp.down_proj", hasBias: false))
        }
    }

    /// Memory for the steps of up to `rows` rows.
    func makeWorkspace(rows: Int, from supply: inout MatrixSupply) -> TransformerWorkspace {
        TransformerWorkspace(rows: rows, heads: heads, feedForwardSize: feedForwardSize, from: &supply)
    }

    /// An empty key-value cache for `slots` positions.
    func makeCache(slots: Int, from supply: inout MatrixSupply) -> KeyValueCache {
        KeyValueCache(layers: layerCount, slots: slots, width: heads.keyValueWidth, from: &supply)
    }

    /// Whether a workspace of one serves the other.
    func hasWidths(of other: Transformer) -> Bool { heads == other.heads && feedForwardSize == other.feedForwardSize }

    /// Runs all layers over `hidden` in place, without the final normalisation.
    ///
    /// - Parameters:
    ///   - hidden: `[rows, hiddenSize]`.
    ///   - plan: Where the rows stand and which keys they see.
    ///     It may have more rows than `hidden`: the first ones count.
    ///   - cache: Where keys and values are kept; nil where a step sees its own rows only.
    ///   - wanted: The rows whose results are needed: nobody looks at the others after the last attention, so they
    ///     end there. nil: all of them.
    /// - Returns: The results: `hidden`, or its first rows with those of the wanted ones; all of `hidden`, too, where the
    ///   backend runs whole groups.
    @discardableResult
    public func run(
        _ hidden: Matrix, plan: RowPlan, cache: KeyValueCache?, wanted: GroupRows? = nil,
        workspace: TransformerWorkspace, backend: any Backend
    ) -> Matrix {
        let qkv = workspace.queryKeyValue.prefix(hidden.rows)
        var hidden = hidden
        var attended = workspace.attended.prefix(hidden.rows)
        func residual(_ rows: Matrix) -> Epilogue { .residual(rows, scale: residualScale) }
        for (index, layer) in layers.enumerated() {
            let kept = cache.map { (keys: $0.keys[index], values: $0.values[index]) }
            backend.linear(hidden, norm: layer.attentionNorm, layer.queryKeyValue, into: qkv, .store)
            if index == layers.count - 1, let wanted, !backend.runsWholeGroups {
                backend.rotateAndAttend(qkv, heads: heads, table: rotary, cache: kept, plan: plan, into: attended)
                attended = wanted.gather(attended, backend: backend)
                hidden = wanted.gather(hidden, backend: backend)
                backend.linear(attended, norm: nil, layer.output, into: hidden, residual(hidden))
            } else {
                backend.attendAndProject(
                    qkv, heads: heads, table: rotary, cache: kept, plan: plan, attended: attended, layer.output,
                    into: hidden, residual(hidden))
            }
            let gated = workspace.gated.prefix(hidden.rows)
            backend.linear(hidden, norm: layer.feedForwardNorm, layer.gateUp, into: gated, .siluGate)
            backend.linear(gated, norm: nil, layer.down, into: hidden, residual(hidden))
        }
        return hidden
    }
}

/// The memory that a transformer's steps work in; laid out once, used by every layer.
public final class TransformerWorkspace: Sendable {
    /// The most rows that a step may have.
    public let rows: Int
    let queryKeyValue: Matrix
    let attended: Matrix
    let gated: Matrix

    init(rows: Int, heads: HeadLayout, feedForwardSize: Int, from supply: inout MatrixSupply) {
        self.rows = rows
        queryKeyValue = supply.matrix(rows: rows, columns: heads.fusedWidth)
        attended = supply.matrix(rows: rows, columns: heads.queryWidth)
        gated = supply.matrix(rows: rows, columns: feedForwardSize)
    }
}

/// Keys and values of every layer, `[slots, keyValueHeads * headSize]` each, for the positions of one sequence or of
/// several, each from its own first slot on.
public final class KeyValueCache: Sendable {
    /// How many positions fit, of all sequences together.
    public let slots: Int
    let keys: [Matrix]
    let values: [Matrix]
    var layerCount: Int { keys.count }

    init(layers: Int, slots: Int, width: Int, from supply: inout MatrixSupply) {
        self.slots = slots
        keys = (0..<layers).map { _ in supply.matrix(rows: slots, columns: width) }
        values = (0..<layers).map { _ in supply.matrix(rows: slots, columns: width) }
    }

    /// Some keys of a layer, `[slots.count, keyValueHeads * headSize]`, after rotation.
    func keys(layer: Int, _ slots: Range<Int>) -> Matrix { keys[layer][rows: slots] }

    /// Some values of a layer.
    func values(layer: Int, _ slots: Range<Int>) -> Matrix { values[layer][rows: slots] }
}
