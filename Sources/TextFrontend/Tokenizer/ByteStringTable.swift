/// Distinct byte strings, numbered in order of insertion and found by content.
///
/// Swift strings compare by canonical equivalence, which would confuse `é` with `e` + U+0301; tokens must not.
struct ByteStringTable: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var ends: [Int] = []
    private var slots: [Int32]

    init(minimumCapacity: Int = 0) {
        var size = 16
        while size < minimumCapacity * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        ends.reserveCapacity(minimumCapacity)
    }

    var count: Int { ends.count }

    /// The bytes of string number `index`.
    subscript(index: Int) -> ArraySlice<UInt8> {
        bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    /// Adds a string unless it is there; says its number and whether it is new.
    mutating func insert(_ string: ArraySlice<UInt8>) -> (index: Int, isNew: Bool) {
        let slot = slot(of: string)
        if slots[slot] >= 0 { return (Int(slots[slot]), false) }
        let index = ends.count
        bytes.append(contentsOf: string)
        ends.append(bytes.count)
        slots[slot] = Int32(index)
        if ends.count * 2 > slots.count { grow() }
        return (index, true)
    }

    /// The number of a string, if it is in the table.
    func index(of string: ArraySlice<UInt8>) -> Int? {
        let found = slots[slot(of: string)]
        return found < 0 ? nil : Int(found)
    }

    /// The slot that holds `string`, or the free one where it would go.
    private func slot(of string: ArraySlice<UInt8>) -> Int {
        // Hasher is seeded per process: no file can be built to collide.
        var hasher = Hasher()
        string.withUnsafeBytes { hasher.combine(bytes: $0) }
        let mask = slots.count - 1
        var slot = hasher.finalize() & mask
        while slots[slot] >= 0 {
            if equals(Int(slots[slot]), string) { return slot }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private func equals(_ index: Int, _ string: ArraySlice<UInt8>) -> Bool {
        let start = index == 0 ? 0 : ends[index - 1]
        guard ends[index] - start == string.count else { return false }
        var own = start
        for byte in string {
            if bytes[own] != byte { return false }
            own += 1
        }
        return true
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for index in 0..<ends.count { slots[slot(of: self[index])] = Int32(index) }
    }
}
