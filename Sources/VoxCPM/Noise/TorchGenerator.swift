import Glibc

/// Normal noise as `torch.manual_seed(seed)` and then `torch.randn(...)` give it on the CPU in float32,
/// so that a seed means the same voice here and in the reference.
///
/// torch has two ways to a normal number, and both draw from one Mersenne Twister: fewer than 16
/// elements are made one by one in double precision, with the second value of each pair kept for the
/// next call; 16 and more are made in blocks in single precision.
public struct TorchGenerator: Sendable {
    private var twister: MersenneTwister
    /// The second value of the last pair of the one-by-one path.
    private var kept: Double?

    /// torch makes this many elements, and more, in blocks of this size.
    private static let blockSize = 16

    /// Starts the sequence of a seed. torch uses the lower 32 bits only.
    public init(seed: UInt64) {
        twister = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed))
    }

    /// Starts the sequence of a seed as `torch.manual_seed` takes it: negative numbers by their bits.
    public init(signedSeed seed: Int64) {
        self.init(seed: UInt64(bitPattern: seed))
    }

    /// As one call of `torch.randn` for `count` elements, in memory order.
    ///
    /// Two calls of 8 differ from one of 16, as they do in torch.
    public mutating func normals(_ count: Int) -> [Float] {
        var values = [Float](repeating: 0, count: max(0, count))
        fillNormals(&values)
        return values
    }

    /// As ``normals(_:)`` for as many elements as there are, without allocating.
    mutating func fillNormals(_ values: inout [Float]) {
        let count = values.count
        if count < Self.blockSize {
            for index in values.indices { values[index] = Float(nextNormal()) }
            return
        }
        for index in values.indices { values[index] = nextUniform() }
        var first = 0
        while first + Self.blockSize <= count {
            Self.transform(&values, from: first)
            first += Self.blockSize
        }
        if count % Self.blockSize != 0 {
            // The tail is a fresh block that overlaps the one before it.
            let tail = count - Self.blockSize
            for index in tail..<count { values[index] = nextUniform() }
            Self.transform(&values, from: tail)
        }
    }

    /// A number in 0 ..< 1 of 24 random bits.
    private mutating func nextUniform() -> Float {
        Float(twister.next32() & 0xFF_FFFF) * 0x1p-24
    }

    /// A number in 0 ..< 1 of 53 random bits.
    private mutating func nextUniformDouble() -> Double {
        Double(twister.next64() & ((1 << 53) - 1)) * 0x1p-53
    }

    private mutating func nextNormal() -> Double {
        if let value = kept {
            kept = nil
            return value
        }
        let angle = 2 * Double.pi * nextUniformDouble()
        let radius = (-2 * log1p(-nextUniformDouble())).squareRoot()
        kept = radius * sin(angle)
        return radius * cos(angle)
    }

    /// Box-Muller on 16 uniform numbers: the first eight give the radii, the others the angles.
    private static func transform(_ values: inout [Float], from first: Int) {
        let half = blockSize / 2
        for index in first..<first + half {
            let radius = (-2 * logf(1 - values[index])).squareRoot()
            let angle = 2 * Float.pi * values[index + half]
            values[index] = radius * cosf(angle)
            values[index + half] = radius * sinf(angle)
        }
    }
}
