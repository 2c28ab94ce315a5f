internal import Compute

extension KernelCheck {
    static let headLayouts = [
        HeadLayout(heads: 1, keyValueHeads: 1, headSize: 2), HeadLayout(heads: 6, keyValueHeads: 2, headSize: 10),
        HeadLayout(heads: 16, keyValueHeads: 2, headSize: 64), HeadLayout(heads: 3, keyValueHeads: 1, headSize: 128),
        HeadLayout(heads: 2, keyValueHeads: 2, headSize: 200), HeadLayout(heads: 36, keyValueHeads: 1, headSize: 8),
        HeadLayout(heads: 12, keyValueHeads: 1, headSize: 256),
    ]

    /// A plan and whether its keys lie in a cache.
    private struct Sight {
        let name: String
        let plan: RowPlan
        let hasCache: Bool
        var rows: Int { plan.slots.count }
        /// Rows of the cache, or of the tables where there is none.
        var slots: Int { Int((plan.spanEnds + plan.positions).max() ?? 0) + 1 }
    }

    private static let sights = [
        Sight(name: "groups of 1", plan: .groups(3, of: 1), hasCache: false),
        Sight(name: "groups of 9", plan: .groups(2, of: 9), hasCache: false),
        Sight(name: "a long group", plan: .groups(1, of: 70), hasCache: false),
        // Sequences at places of their own, one of them long.
        Sight(name: "steps", plan: .steps([(0, 0), (5, 3), (300, 30), (2, 20)]), hasCache: true),
        Sight(name: "a step", plan: .steps([(31, 2)]), hasCache: true),
        Sight(
            name: "eight steps",
            plan: .steps([
                (32, 0), (0, 40), (31, 50), (63, 90), (64, 160), (5, 230), (170, 240), (95, 420),
            ]), hasCache: true),
        Sight(name: "a block", plan: .causal(from: 250, count: 37, base: 7), hasCache: true),
        Sight(name: "a beginning", plan: .causal(from: 0, count: 5), hasCache: true),
        Sight(name: "rows of two sequences", plan: twoSequences, hasCache: true),
    ]

    private static var twoSequences: RowPlan {
        var plan = RowPlan.causal(from: 3, count: 4)
        plan.place(2, at: 40, base: 100)
        plan.place(3, at: 41, base: 100)
        return plan
    }

    mutating func checkAttention(_ heads: HeadLayout) throws(DeviceError) {
        isThinned = true
        defer { isThinned = false }
        for sight in Self.sights {
            let words = "\(sight.name), \(heads.heads)/\(heads.keyValueHeads) heads of \(heads.headSize)"
            let make = { Self.matrices(sight, heads) }
            func cache(_ matrices: [Matrix]) -> (keys: Matrix, values: Matrix)? {
                sight.hasCache ? (matrices[2], matrices[3]) : nil
            }
            func table(_ matrices: [Matrix]) -> RotaryTable { RotaryTable(cosines: matrices[4], sines: matrices[5]) }
            try compare("rotation of \(words)") {
                make()
            } _: {
                $0.rotate($1[0], heads: heads, table: table($1), cache: cache($1), plan: sight.plan)
            }
            try compare("attention of \(words)") {
                make()
            } _: {
                $0.attend($1[0], heads: heads, cache: cache($1), plan: sight.plan, into: $1[1])
            }
            // A step on a device leaves queries, keys and values as they were.
            try compare("rotation and attention of \(words)", skipping: 1) {
                make()
            } _: {
                $0.rotateAndAttend(
                    $1[0], heads: heads, table: table($1), cache: cache($1), plan: sight.plan, into: $1[1])
            }
            try compare("attention without positions of \(words)", skipping: 1) {
                make()
            } _: {
                $0.rotateAndAttend($1[0], heads: heads, table: nil, cache: cache($1), plan: sight.plan, into: $1[1])
            }
            // Only steps of sequences have a kernel of their own for this.
            let formats = sight.name.contains("step") ? Kernel.WeightFormat.allCases : [.f32]
            for format in formats {
                let weights = weights(format, .residual, inputs: heads.queryWidth, outputs: 45)
                // Long enough for several parts, most of them empty.
                let setting = Setting(halves: format == .f16, longestSpan: 64 * 14)
                try compare("projected attention of \(words) in \(format)", setting, skipping: 2) {
                    make() + [.noise(sight.rows, 45, seed: 8, padding: 2)]
                } _: {
                    $0.attendAndProject(
                        $1[0], heads: heads, table: table($1), cache: cache($1), plan: sight.plan, attended: $1[1],
                        $0 is CPUBackend ? weights.exact : weights.stored, into: $1[6], .residual($1[6], scale: 0.3))
                }
            }
        }
    }

    /// Queries, keys and values side by side, the result, the cache's keys and values, cosines and sines.
    private static func matrices(_ sight: Sight, _ heads: HeadLayout) -> [Matrix] {
        let slots = sight.hasCache ? sight.slots : 0
        return [
            .noise(sight.rows, heads.fusedWidth, seed: 1, padding: 3),
            .noise(sight.rows, heads.queryWidth, seed: 2, padding: 1),
            .noise(slots, heads.keyValueWidth, seed: 3), .noise(slots, heads.keyValueWidth, seed: 4),
            .noise(sight.slots, heads.headSize / 2, seed: 5), .noise(sight.slots, heads.headSize / 2, seed: 6),
        ]
    }
}
