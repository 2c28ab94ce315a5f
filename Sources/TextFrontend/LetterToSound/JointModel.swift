/// A backoff n-gram model over units of one letter and its phonemes, as a trie in flat arrays.
struct JointModel: Sendable {
    static let start = 0
    static let end = 1
    private static let magic = Array("MYNLTS01".utf8)
    /// The score of what the model has never seen.
    private static let unseen: Float = -20

    /// The n-grams of one length, sorted so that the children of a node are neighbours with rising units.
    private struct Level: Sendable {
        var units: [UInt16] = []
        var scores: [Float] = []
        var backoffs: [Float] = []
        /// The children of node i are from `children[i]` up to `children[i + 1]` in the next level.
        var children: [Int32] = []
    }

    let primaryStresses: [Int]
    private let phonemesOfUnit: [[String]]
    private let unitsOfLetter: [[Int]]
    private let levels: [Level]

    init(bytes: [UInt8], path: String) throws(LexiconError) {
        var reader = ByteReader(bytes)
        guard let magic = reader.take(8), magic.elementsEqual(Self.magic) else {
            throw .notALexicon(path: path, expected: "a letter-to-sound model")
        }
        guard let unitCount = reader.number(bytes: 2), let order = reader.number(bytes: 2), unitCount > 2,
            (1...16).contains(order), let phonemes = reader.strings(), phonemes.allSatisfy(Phoneme.all.contains)
        else { throw .damaged(path: path, part: "its header") }
        var chunks: [[String]] = []
        var units = [[Int]](repeating: [], count: 256)
        for unit in 0..<unitCount {
            guard let letter = reader.byte(), let size = reader.byte(), let numbers = reader.take(size),
                numbers.allSatisfy({ Int($0) < phonemes.count })
            else { throw .damaged(path: path, part: "its units") }
            chunks.append(numbers.map { phonemes[Int($0)] })
            if unit > Self.end { units[letter].append(unit) }
        }
        phonemesOfUnit = chunks
        unitsOfLetter = units
        primaryStresses = chunks.map { chunk in chunk.count { $0.hasSuffix("1") } }
        levels = try Self.levels(from: &reader, order: order, unitCount: unitCount, path: path)
    }

    private static func levels(
        from reader: inout ByteReader, order: Int, unitCount: Int, path: String
    ) throws(LexiconError) -> [Level] {
        var levels: [Level] = []
        var expected: Int?
        for length in 1...order {
            guard let count = reader.number(bytes: 4), count == expected ?? count,
                let units = reader.numbers(count, bytes: 2), units.allSatisfy({ $0 < unitCount }),
                let scores = reader.take(count)
            else { throw .damaged(path: path, part: "its sequences of length \(length)") }
            var level = Level(units: units.map { UInt16($0) }, scores: scores.map { Float($0) / -16 })
            if length < order {
                guard let backoffs = reader.take(count), let sizes = reader.numbers(count, bytes: 2) else {
                    throw .damaged(path: path, part: "its sequences of length \(length)")
                }
                level.backoffs = backoffs.map { (64 - Float($0)) / 16 }
                level.children.reserveCapacity(count + 1)
                var next = 0
                level.children.append(0)
                for size in sizes {
                    next += size
                    level.children.append(Int32(truncatingIfNeeded: next))
                }
                expected = next
            }
            levels.append(level)
        }
        return levels
    }

    // MARK: Units

    func units(of letter: UInt8) -> [Int] { unitsOfLetter[Int(letter)] }

    func phonemes(of unit: Int) -> [String] { phonemesOfUnit[unit] }

    // MARK: Contexts: element n - 1 is the node of the last n units

    var startContext: [Int?] { context([], adding: Self.start) }

    func context(_ context: [Int?], adding unit: Int) -> [Int?] {
        var longer: [Int?] = [child(unit, of: nil, length: 0)]
        for (index, node) in context.enumerated() where index + 2 < levels.count {
            longer.append(node.flatMap { child(unit, of: $0, length: index + 1) })
        }
        return longer
    }

    func score(of unit: Int, after context: [Int?]) -> Float {
        var penalty: Float = 0
        for (index, node) in context.enumerated().reversed() {
            guard let node else { continue }
            if let found = child(unit, of: node, length: index + 1) { return penalty + levels[index + 1].scores[found] }
            penalty += levels[index].backoffs[node]
        }
        guard let found = child(unit, of: nil, length: 0) else { return Self.unseen }
        return penalty + levels[0].scores[found]
    }

    /// The node of a sequence of `length` units, one longer by `unit`.
    private func child(_ unit: Int, of node: Int?, length: Int) -> Int? {
        guard length < levels.count else { return nil }
        let units = levels[length].units
        var (low, high) = (0, units.count)
        if let node {
            let children = levels[length - 1].children
            (low, high) = (Int(children[node]), Int(children[node + 1]))
        }
        while low < high {
            let middle = (low + high) / 2
            if Int(units[middle]) == unit { return middle }
            if Int(units[middle]) < unit { low = middle + 1 } else { high = middle }
        }
        return nil
    }
}
