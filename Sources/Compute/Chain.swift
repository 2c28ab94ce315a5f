/// What a chain of steps depends on beside the values in its matrices: the same key means the same steps, on the same
/// matrices, with the same numbers.
public struct ChainKey: Hashable, Sendable {
    public let name: String
    public let numbers: [Int]

    public init(_ name: String, _ numbers: [Int] = []) {
        self.name = name
        self.numbers = numbers
    }
}

/// Where a backend keeps the chains that it has recorded for one owner, whose matrices they use. Empty on a CPU.
///
/// It belongs to the thread that calls the backend.
public final class ChainShelf {
    private var kept: [ChainKey: AnyObject] = [:]
    /// The keys, those used last at the end.
    private var order: [ChainKey] = []
    /// The most chains that are kept: batches that come and go must not fill the memory.
    private static let limit = 48

    public init() {}

    /// What the backend keeps under a key; the oldest chains go where there are too many.
    public subscript(key: ChainKey) -> AnyObject? {
        get { kept[key] }
        set {
            kept[key] = newValue
            order.removeAll { $0 == key }
            guard newValue != nil else { return }
            order.append(key)
            if order.count > Self.limit { kept[order.removeFirst()] = nil }
        }
    }

    /// Forgets all chains.
    public func removeAll() {
        kept = [:]
        order = []
    }
}

extension Backend {
    public func chain(_ key: ChainKey, on shelf: ChainShelf, plans: [RowPlan], _ steps: () -> Void) { steps() }
}
