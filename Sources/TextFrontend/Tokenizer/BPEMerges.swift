/// The merge rules of byte pair encoding and their application, in n log n.
struct BPEMerges: Sendable {
    struct Rule: Sendable {
        let rank: Int32
        let merged: Int32
    }

    private var rules: [UInt64: Rule] = [:]

    init(minimumCapacity: Int) { rules.reserveCapacity(minimumCapacity) }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// Adds a rule; of two rules for the same pair the later one counts, as in the reference.
    mutating func add(left: Int, right: Int, rule: Rule) {
        rules[Self.key(Int32(left), Int32(right))] = rule
    }

    /// Merges neighbours, lowest rank first and leftmost among equals, until no rule applies.
    func apply(to symbols: [Int32]) -> [Int32] {
        guard symbols.count > 1, !rules.isEmpty else { return symbols }
        var symbols = symbols
        var next = Array(1...symbols.count)
        var previous = Array(-1..<symbols.count - 1)
        var queue = MergeQueue()

        func enqueue(_ left: Int) {
            let right = next[left]
            guard right < symbols.count, let rule = rules[Self.key(symbols[left], symbols[right])] else { return }
            queue.push(.init(rank: rule.rank, position: Int32(left), merged: rule.merged))
        }
        for left in 0..<symbols.count - 1 { enqueue(left) }

        while let candidate = queue.pop() {
            let left = Int(candidate.position)
            guard symbols[left] >= 0, next[left] < symbols.count else { continue }
            let right = next[left]
            // The pair may have changed since; only the rule that still applies counts.
            guard let rule = rules[Self.key(symbols[left], symbols[right])], rule.merged == candidate.merged else {
                continue
            }
            symbols[left] = candidate.merged
            symbols[right] = -1
            next[left] = next[right]
            if next[right] < symbols.count { previous[next[right]] = left }
            if previous[left] >= 0 { enqueue(previous[left]) }
            enqueue(left)
        }
        return symbols.filter { $0 >= 0 }
    }
}

/// A binary heap of possible merges.
private struct MergeQueue {
    struct Candidate {
        let rank: Int32
        let position: Int32
        let merged: Int32

        func precedes(_ other: Candidate) -> Bool { (rank, position) < (other.rank, other.position) }
    }

    private var heap: [Candidate] = []

    mutating func push(_ candidate: Candidate) {
        heap.append(candidate)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> Candidate? {
        guard let top = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return top }
        heap[0] = last
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].precedes(heap[smallest]) {
                smallest = child
            }
            if smallest == parent { return top }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
