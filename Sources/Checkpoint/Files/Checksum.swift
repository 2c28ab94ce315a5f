/// A 64-bit checksum (XXH64 with seed 0): finds damage and change, at several gigabytes a second; it is no defence against
/// somebody who wants two contents to look the same.
struct Checksum {
    private static let prime1: UInt64 = 0x9e37_79b1_85eb_ca87
    private static let prime2: UInt64 = 0xc2b2_ae3d_27d4_eb4f
    private static let prime3: UInt64 = 0x1656_67b1_9e37_79f9
    private static let prime4: UInt64 = 0x85eb_ca77_c2b2_ae63
    private static let prime5: UInt64 = 0x27d4_eb2f_1656_67c5

    /// The checksum of these bytes.
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        guard let start = bytes.baseAddress else { return finish(prime5) }
        // Plain pointers: bounds checks would cost most of the speed.
        var place = start
        let end = start + bytes.count
        var hash = prime5
        if bytes.count >= 32 {
            var lane1 = prime1 &+ prime2
            var lane2 = prime2
            var lane3: UInt64 = 0
            var lane4 = 0 &- prime1
            while end - place >= 32 {
                lane1 = round(lane1, word(place))
                lane2 = round(lane2, word(place + 8))
                lane3 = round(lane3, word(place + 16))
                lane4 = round(lane4, word(place + 24))
                place += 32
            }
            hash = rotate(lane1, 1) &+ rotate(lane2, 7) &+ rotate(lane3, 12) &+ rotate(lane4, 18)
            hash = merge(merge(merge(merge(hash, lane1), lane2), lane3), lane4)
        }
        hash &+= UInt64(bytes.count)
        while end - place >= 8 {
            hash = rotate(hash ^ round(0, word(place)), 27) &* prime1 &+ prime4
            place += 8
        }
        if end - place >= 4 {
            let half = UInt32(littleEndian: place.loadUnaligned(as: UInt32.self))
            hash = rotate(hash ^ UInt64(half) &* prime1, 23) &* prime2 &+ prime3
            place += 4
        }
        while place < end {
            hash = rotate(hash ^ UInt64(place.load(as: UInt8.self)) &* prime5, 11) &* prime1
            place += 1
        }
        return finish(hash)
    }

    static func of(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { of($0) } }

    private static func finish(_ sum: UInt64) -> UInt64 {
        var hash = sum
        hash = (hash ^ hash >> 33) &* prime2
        hash = (hash ^ hash >> 29) &* prime3
        return hash ^ hash >> 32
    }

    private static func word(_ place: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: place.loadUnaligned(as: UInt64.self))
    }

    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotate(lane &+ word &* prime2, 31) &* prime1
    }

    private static func merge(_ hash: UInt64, _ lane: UInt64) -> UInt64 {
        (hash ^ round(0, lane)) &* prime1 &+ prime4
    }

    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 { value << count | value >> (64 - count) }
}
