/// Waiting items of several owners: the owner with the least under way comes first, those with equally much take turns,
/// and each owner's items come in order.
struct FairQueue<Item> {
    /// Owners with items, whose turn it is first.
    private var ring: [String] = []
    private var lines: [String: [Item]] = [:]
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// Adds an item behind the others of its owner.
    mutating func append(_ item: Item, owner: String) {
        enter(owner)
        lines[owner, default: []].append(item)
        count += 1
    }

    /// Adds an item before the others of its owner.
    mutating func prepend(_ item: Item, owner: String) {
        enter(owner)
        lines[owner, default: []].insert(item, at: 0)
        count += 1
    }

    /// Takes the next item.
    ///
    /// - Parameter running: How much each owner has under way.
    mutating func next(running: [String: Int]) -> Item? {
        guard let place = ring.indices.min(by: { running[ring[$0], default: 0] < running[ring[$1], default: 0] })
        else { return nil }
        let owner = ring.remove(at: place)
        let item = lines[owner]?.removeFirst()
        count -= 1
        if lines[owner]?.isEmpty ?? true { lines[owner] = nil } else { ring.append(owner) }
        return item
    }

    /// Takes out an owner's items that match.
    mutating func remove(owner: String, where matches: (Item) -> Bool) {
        guard let line = lines[owner] else { return }
        let rest = line.filter { !matches($0) }
        count -= line.count - rest.count
        lines[owner] = rest.isEmpty ? nil : rest
        if rest.isEmpty { ring.removeAll { $0 == owner } }
    }

    /// All items in the order in which they would be taken if what they start never ended.
    func order(running: [String: Int]) -> [(owner: String, item: Item)] {
        var rest = self
        var running = running
        var order: [(String, Item)] = []
        while let owner = rest.nextOwner(running), let item = rest.next(running: running) {
            running[owner, default: 0] += 1
            order.append((owner, item))
        }
        return order
    }

    private func nextOwner(_ running: [String: Int]) -> String? {
        ring.min { running[$0, default: 0] < running[$1, default: 0] }
    }

    private mutating func enter(_ owner: String) {
        if lines[owner] == nil { ring.append(owner) }
    }
}
