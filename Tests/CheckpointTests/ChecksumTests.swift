import Testing

@testable import Checkpoint

/// XXH64 against published values.
struct ChecksumTests {
    @Test(arguments: [
        ("", 0xef46_db37_51d8_e999 as UInt64), ("a", 0xd24e_c4f1_a98c_6e5b), ("abc", 0x44bc_2cf5_ad77_0999),
        ("Nobody inspects the spammish repetition", 0xfbce_a83c_8a37_8bf1),
    ]) func equalsThePublishedValue(text: String, expected: UInt64) {
        #expect(Checksum.of(Array(text.utf8)) == expected)
    }

    @Test func everyBitCounts() {
        for count in [1, 7, 31, 32, 33, 64, 100] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let sum = Checksum.of(bytes)
            for place in 0..<count {
                for bit in 0..<8 {
                    var other = bytes
                    other[place] ^= 1 << bit
                    #expect(Checksum.of(other) != sum)
                }
            }
        }
    }
}
