/// Numbers that are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// Damages valid files in the ways that find faults in parsers.
struct Mutator {
    var random: SeededGenerator

    /// Numbers that sizes and counts go wrong at.
    private static let borders: [UInt64] = [
        0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7fff_ffff_ffff_ffff,
        0x8000_0000_0000_0000, 0xffff_ffff_ffff_ffff,
    ]
    private static let words = [
        "9223372036854775807", "-1", "18446744073709551616", "1e400", "null", "[]", "{}", "\"", "\\u0000", "[[[[[[[[",
        "4611686018427387904", "0.5",
    ].map { Array($0.utf8) }

    mutating func mutate(_ original: [UInt8], with other: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &random) { step(&bytes, other) }
        return bytes
    }

    private mutating func step(_ bytes: inout [UInt8], _ other: [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = [UInt8.random(in: 0...255, using: &random)]
            return
        }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 1...16, using: &random))
        switch Int.random(in: 0..<9, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes.removeSubrange(place...)
        case 3: bytes.removeSubrange(place..<end)
        case 4: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 5: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 6:
            let value = Self.borders[Int.random(in: 0..<Self.borders.count, using: &random)]
            let width = [1, 2, 4, 8][Int.random(in: 0..<4, using: &random)]
            for (index, byte) in little(value).prefix(width).enumerated() where place + index < bytes.count {
                bytes[place + index] = byte
            }
        case 7:
            bytes.replaceSubrange(place..<end, with: Self.words[Int.random(in: 0..<Self.words.count, using: &random)])
        default:
            guard !other.isEmpty else { return }
            let start = Int.random(in: 0..<other.count, using: &random)
            bytes.replaceSubrange(place..<end, with: other[start..<min(other.count, start + 16)])
        }
    }
}
