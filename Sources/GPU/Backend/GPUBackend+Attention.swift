public import Compute

extension GPUBackend {
    public func rotate(
        _ qkv: Matrix, heads: HeadLayout, table: RotaryTable?, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan
    ) {
        StepShapes.checkRotate(qkv, heads, plan)
        guard table != nil || cache != nil, qkv.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            let plan = try memory.plan(plan)
            var arguments = try place(qkv).all
            arguments += try starts(table.map { ($0.cosines, $0.sines) }) + starts(cache)
            arguments += [.buffer(plan.positions), .buffer(plan.slots)]
            arguments += [.int(heads.heads), .int(heads.keyValueHeads), .int(heads.headSize)]
            try launch(
                .rotary, qkv.rows, 1, arguments,
                moving: .launch(floats: qkv.rows * (2 * heads.fusedWidth + heads.keyValueWidth)))
        }
    }

    public func attend(
        _ qkv: Matrix, heads: HeadLayout, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan, into out: Matrix
    ) {
        StepShapes.checkAttend(qkv, plan, out)
        attend(qkv, heads, fresh: .none, nil, cache, plan, into: out)
    }

    public func rotateAndAttend(
        _ qkv: Matrix, heads: HeadLayout, table: RotaryTable?, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan,
        into out: Matrix
    ) {
        StepShapes.checkRotate(qkv, heads, plan)
        StepShapes.checkAttend(qkv, plan, out)
        if cache == nil, plan.longestSpan(of: qkv.rows) <= Self.longestGroup {
            attend(qkv, heads, fresh: .all, table, nil, plan, into: out)
        } else if cache != nil, plan.isSteps(of: qkv.rows) {
            attend(qkv, heads, fresh: .newest, table, cache, plan, into: out)
        } else {
            rotate(qkv, heads: heads, table: table, cache: cache, plan: plan)
            attend(qkv, heads, fresh: .none, nil, cache, plan, into: out)
        }
    }

    /// Which keys a launch still finds as the linear layer left them; the numbers are those of `Kernels/attention.cl`.
    private enum Fresh: Int {
        case none, all, newest
    }

    /// Rows of a group up to which every row rotates all keys for itself.
    private static let longestGroup = 64

    /// What a group of `Kernels/attention.cl` holds.
    private enum Group {
        static let mostVectors = 32
        static let floats = 2048
        static let mostHeadSize = 256
    }

    private func attend(
        _ qkv: Matrix, _ heads: HeadLayout, fresh: Fresh, _ table: RotaryTable?,
        _ cache: (keys: Matrix, values: Matrix)?, _ plan: RowPlan, into out: Matrix
    ) {
        guard qkv.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            guard heads.headSize <= Group.mostHeadSize, heads.headSize % 2 == 0 else {
                throw .unsupported("heads of \(heads.headSize) values: even numbers up to \(Group.mostHeadSize) are")
            }
            let perKey = heads.heads / heads.keyValueHeads
            let vectors = min(Group.mostVectors, Group.floats / heads.headSize)
            let groupHeads = min(perKey, vectors)
            let groupRows = fresh == .none && plan.isBlock(of: qkv.rows) ? vectors / groupHeads : 1
            let (keys, values) = cache ?? heads.keysAndValues(of: qkv)
            let spans = zip(plan.spanBegins, plan.spanEnds).prefix(qkv.rows).reduce(0) { $0 + Int($1.1 - $1.0) }
            let plan = try memory.plan(plan)
            var arguments = try place(qkv).all + starts(table.map { ($0.cosines, $0.sines) })
            arguments += try place(keys).all + place(values).all + place(out).all
            arguments += [plan.positions, plan.slots, plan.begins, plan.ends].map { .buffer($0) }
            arguments += [qkv.rows, heads.heads, heads.keyValueHeads, heads.headSize].map { .int($0) }
            arguments += [groupHeads, groupRows, fresh.rawValue, 1].map { .int($0) } + [.buffer(nil)]
            let blocks = heads.keyValueHeads * ((perKey + groupHeads - 1) / groupHeads)
            let groups = (qkv.rows + groupRows - 1) / groupRows
            // Rows of a group share the reading of keys and values.
            let floats =
                qkv.rows * (heads.fusedWidth + heads.queryWidth) + heads.keyValueHeads * spans / groupRows * 2
                * heads.headSize
            try launch(.attention, blocks, groups, arguments, moving: .launch(floats: floats))
        }
    }

    /// Buffers and offsets of two matrices; null where there are none.
    private func starts(_ pair: (Matrix, Matrix)?) throws(DeviceError) -> [KernelArgument] {
        guard let (first, second) = pair else { return [.buffer(nil), .int(0), .buffer(nil), .int(0)] }
        return try place(first).start + place(second).start
    }
}

/// What the first rows of a plan, those of a step, are to each other.
extension RowPlan {
    /// The most keys that a row sees.
    func longestSpan(of rows: Int) -> Int {
        zip(spanBegins, spanEnds).prefix(rows).map { Int($1 - $0) }.max() ?? 0
    }

    /// Whether all rows see keys from the same one on: a block of one sequence.
    func isBlock(of rows: Int) -> Bool { spanBegins.prefix(rows).allSatisfy { $0 == spanBegins[0] } }

    /// Whether every row is the last of its own span, and no row sees another: a step of several sequences.
    func isSteps(of rows: Int) -> Bool {
        guard zip(slots, spanEnds).prefix(rows).allSatisfy({ $0 + 1 == $1 }) else { return false }
        if rows == 1 { return true }
        let spans = zip(spanBegins, spanEnds).prefix(rows).sorted { $0.0 < $1.0 }
        return zip(spans, spans.dropFirst()).allSatisfy { $0.1 <= $1.0 }
    }
}
