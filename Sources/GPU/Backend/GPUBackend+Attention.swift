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
        attend(Sight(qkv, heads, nil, cache, plan, .none), into: out)
    }

    public func rotateAndAttend(
        _ qkv: Matrix, heads: HeadLayout, table: RotaryTable?, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan,
        into out: Matrix
    ) {
        StepShapes.checkRotate(qkv, heads, plan)
        StepShapes.checkAttend(qkv, plan, out)
        if cache == nil, plan.longestSpan(of: qkv.rows) <= Self.longestGroup {
            attend(Sight(qkv, heads, table, nil, plan, .all), into: out)
        } else if cache != nil, plan.isSteps(of: qkv.rows) {
            attend(Sight(qkv, heads, table, cache, plan, .newest), into: out)
        } else {
            rotate(qkv, heads: heads, table: table, cache: cache, plan: plan)
            attend(qkv, heads: heads, cache: cache, plan: plan, into: out)
        }
    }

    public func attendAndProject(
        _ qkv: Matrix, heads: HeadLayout, table: RotaryTable?, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan,
        attended: Matrix, _ weight: LinearWeight, into out: Matrix, _ epilogue: Epilogue
    ) {
        let parts = Parts.count(rows: qkv.rows, heads, longestSpan: longestSpan)
        guard cache != nil, qkv.rows > 0, parts > 1, plan.isSteps(of: qkv.rows) else {
            rotateAndAttend(qkv, heads: heads, table: table, cache: cache, plan: plan, into: attended)
            return linear(attended, norm: nil, weight, into: out, epilogue)
        }
        StepShapes.checkRotate(qkv, heads, plan)
        StepShapes.checkAttend(qkv, plan, attended)
        StepShapes.checkLinear(attended, nil, weight, out, epilogue)
        memory.attempt { () throws(DeviceError) in
            let floats = qkv.rows * heads.heads * parts * (heads.headSize + 2)
            guard (parted?.buffer.byteCount ?? 0) < floats * 4 else { return }
            parted = nil
            parted = try memory.layOut(floats * 4)
        }
        attend(Sight(qkv, heads, table, cache, plan, .newest), parts: parts, into: attended)
        memory.attempt { () throws(DeviceError) in
            let packed = try memory.weight(weight)
            let plan = try memory.plan(plan)
            var arguments = try describe(attended, nil, packed, out, epilogue)
            arguments += [.buffer(parted?.buffer), .buffer(plan.begins), .buffer(plan.ends)]
            try launch(
                .linearJoined(packed.format), packed.panelCount, 1, arguments + [.int(heads.heads), .int(parts)],
                moving: packed.traffic(attended, into: out, epilogue, more: parts * attended.rows * attended.columns))
        }
    }

    /// Bytes of a device's memory that steps need beside the storages that they are given, at most.
    public static func scratchBytes(for heads: HeadLayout) -> Int { Parts.mostBytes(headSize: heads.headSize) }

    /// What splits spans; the limits are those of `Kernels/joined.h`.
    private enum Parts {
        private static let mostRows = 8
        private static let most = 16
        private static let mostShares = 2048
        /// Keys for which a part is worth a group of its own.
        private static let worthwhile = 64

        /// The most bytes that parts take.
        static func mostBytes(headSize: Int) -> Int { mostShares * (headSize + 2) * MemoryLayout<Float>.stride }

        /// How many parts a span is split into; 1 where it stays whole.
        static func count(rows: Int, _ heads: HeadLayout, longestSpan: Int) -> Int {
            guard rows > 0, rows <= mostRows, heads.headSize % 4 == 0 else { return 1 }
            return min(most, (longestSpan + worthwhile - 1) / worthwhile, mostShares / (rows * heads.heads))
        }
    }

    /// Rows of a group up to which every row rotates all keys for itself.
    private static let longestGroup = 64

    /// What a group of `Kernels/attention.cl` holds.
    private enum Group {
        static let mostVectors = 32
        static let floats = 2048
        static let mostHeadSize = 256
    }

    /// What a launch of attention looks at.
    private struct Sight {
        /// Which keys are still as the linear layer left them; the numbers are those of `Kernels/attention.cl`.
        enum Fresh: Int {
            case none, all, newest
        }

        let qkv: Matrix
        let heads: HeadLayout
        let table: RotaryTable?
        let keys: Matrix
        let values: Matrix
        let plan: RowPlan
        let fresh: Fresh

        init(
            _ qkv: Matrix, _ heads: HeadLayout, _ table: RotaryTable?, _ cache: (keys: Matrix, values: Matrix)?,
            _ plan: RowPlan, _ fresh: Fresh
        ) {
            self.qkv = qkv
            self.heads = heads
            self.table = table
            (keys, values) = cache ?? heads.keysAndValues(of: qkv)
            self.plan = plan
            self.fresh = fresh
        }

        /// Heads that share keys.
        var headsPerKey: Int { heads.heads / heads.keyValueHeads }
        private var mostVectors: Int { min(Group.mostVectors, Group.floats / heads.headSize) }
        /// Heads of a group.
        var groupHeads: Int { min(headsPerKey, mostVectors) }
        /// Rows of a group: those of a block share their keys.
        var groupRows: Int { fresh == .none && plan.isBlock(of: qkv.rows) ? mostVectors / groupHeads : 1 }

        /// Values read and written. Rows of a group share the reading of keys and values.
        var floats: Int {
            let spans = zip(plan.spanBegins, plan.spanEnds).prefix(qkv.rows).reduce(0) { $0 + Int($1.1 - $1.0) }
            return qkv.rows * (heads.fusedWidth + heads.queryWidth) + spans / groupRows * 2 * heads.keyValueWidth
        }
    }

    /// - Parameter parts: How many parts spans are split into; several are left in `parted` instead of `out`.
    private func attend(_ sight: Sight, parts: Int = 1, into out: Matrix) {
        let (qkv, heads) = (sight.qkv, sight.heads)
        guard qkv.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            guard heads.headSize <= Group.mostHeadSize, heads.headSize % 2 == 0 else {
                throw .unsupported("heads of \(heads.headSize) values: even numbers up to \(Group.mostHeadSize) are")
            }
            let plan = try memory.plan(sight.plan)
            var arguments = try place(qkv).all + starts(sight.table.map { ($0.cosines, $0.sines) })
            arguments += try place(sight.keys).all + place(sight.values).all + place(out).all
            arguments += [plan.positions, plan.slots, plan.begins, plan.ends].map { .buffer($0) }
            arguments += [qkv.rows, heads.heads, heads.keyValueHeads, heads.headSize].map { .int($0) }
            arguments += [sight.groupHeads, sight.groupRows, sight.fresh.rawValue, parts].map { .int($0) }
            arguments.append(.buffer(parts > 1 ? parted?.buffer : nil))
            let blocks = (sight.headsPerKey + sight.groupHeads - 1) / sight.groupHeads
            try launch(
                .attention, heads.keyValueHeads * blocks * parts, (qkv.rows + sight.groupRows - 1) / sight.groupRows,
                arguments, moving: .launch(floats: sight.floats))
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
