/// The 32-bit Mersenne Twister (MT19937), as in torch's CPU generator.
struct MersenneTwister: Sendable {
    private var state: [UInt32]
    private var next = MersenneTwister.length

    private static let length = 624
    private static let middle = 397

    init(seed: UInt32) {
        state = [UInt32](repeating: 0, count: Self.length)
        state[0] = seed
        for index in 1..<Self.length {
            let previous = state[index - 1]
            state[index] = 1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(index)
        }
    }

    /// The next 32 random bits.
    mutating func next32() -> UInt32 {
        if next == Self.length {
            refill()
            next = 0
        }
        var bits = state[next]
        next += 1
        bits ^= bits >> 11
        bits ^= (bits << 7) & 0x9D2C_5680
        bits ^= (bits << 15) & 0xEFC6_0000
        return bits ^ (bits >> 18)
    }

    /// The next 64 random bits; the first draw is the upper half.
    mutating func next64() -> UInt64 {
        let upper = UInt64(next32())
        return upper << 32 | UInt64(next32())
    }

    private mutating func refill() {
        for index in 0..<Self.length {
            let mixed = (state[index] & 0x8000_0000) | (state[(index + 1) % Self.length] & 0x7FFF_FFFF)
            let twist: UInt32 = mixed & 1 == 0 ? 0 : 0x9908_B0DF
            state[index] = state[(index + Self.middle) % Self.length] ^ (mixed >> 1) ^ twist
        }
    }
}
