import CKernels
import Foundation
import Testing

/// bfloat16 and half precision, to and fro.
struct NumberFormatTests {
    static let interesting: [Float] =
        [
            0, -0.0, 1, -1, .infinity, -.infinity, .nan, -.nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
            .leastNormalMagnitude, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 65504, 65519.996, 65520, 65536,
            6.1035156e-05, 6.097555e-05, 5.9604645e-08, 2.9802322e-08, 2.9802326e-08, 8.940697e-08, 1e-10,
            Float(bitPattern: 0x7f80_0001), Float(bitPattern: 0xff80_ffff), 1.00048828125, 1.00146484375,
        ]

    @Test func everyBfloatComesBack() {
        let source = (0...UInt16.max).map { $0 }
        var floats = [Float](repeating: 0, count: source.count)
        mynah_bf16_to_f32(source, source.count, &floats)
        var back = [UInt16](repeating: 0, count: source.count)
        mynah_f32_to_bf16(floats, floats.count, &back)
        for (bits, (float, again)) in zip(source, zip(floats, back)) {
            if float.bitPattern != UInt32(bits) << 16 { Issue.record("bf16 \(bits) became \(float)") }
            if float.isNaN ? !isNaN(bfloat: again) : again != bits {
                Issue.record("bf16 \(bits) came back as \(again)")
            }
        }
    }

    #if arch(arm64) || arch(x86_64)
        @Test func everyHalfComesBack() {
            let source = (0...UInt16.max).map { $0 }
            var floats = [Float](repeating: 0, count: source.count)
            mynah_f16_to_f32(source, source.count, &floats)
            var back = [UInt16](repeating: 0, count: source.count)
            mynah_f32_to_f16(floats, floats.count, &back)
            for (bits, (float, again)) in zip(source, zip(floats, back)) {
                let exact = halfValue(bits)
                if exact.isNaN ? !float.isNaN : Double(float) != exact || float.sign != exact.sign {
                    Issue.record("f16 \(bits) became \(float)")
                }
                if float.isNaN ? again & 0x7fff <= 0x7c00 : again != bits {
                    Issue.record("f16 \(bits) came back as \(again)")
                }
            }
        }
    #endif

    @Test func roundsToTheNearest() {
        var generator = SplitMix(state: 1)
        var values = Self.interesting
        for _ in 0..<20_000 { values.append(Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))) }
        values += generator.floats(20_000, in: -2...2)
        values += generator.floats(5_000, in: -1e-4...1e-4)
        var half = [UInt16](repeating: 0, count: values.count)
        mynah_f32_to_f16(values, values.count, &half)
        var bfloat = half
        mynah_f32_to_bf16(values, values.count, &bfloat)
        for (value, (h, b)) in zip(values, zip(half, bfloat)) {
            if value.isNaN {
                if !halfValue(h).isNaN || !isNaN(bfloat: b) { Issue.record("a NaN was lost") }
                continue
            }
            if !isNearest(value, h, infinity: 0x7c00, largestExponentStep: 16, of: halfValue) {
                Issue.record("\(value) became half \(halfValue(h))")
            }
            if !isNearest(value, b, infinity: 0x7f80, largestExponentStep: 128, of: bfloatValue) {
                Issue.record("\(value) became bfloat \(bfloatValue(b))")
            }
        }
    }

    private func isNaN(bfloat bits: UInt16) -> Bool { bits & 0x7fff > 0x7f80 }
    private func bfloatValue(_ bits: UInt16) -> Double { Double(Float(bitPattern: UInt32(bits) << 16)) }

    private func halfValue(_ bits: UInt16) -> Double {
        let sign: Double = bits >> 15 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 31)
        let fraction = Double(bits & 1023)
        if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
        return exponent == 0 ? sign * fraction * 0x1p-24 : sign * (1 + fraction / 1024) * pow(2, Double(exponent - 15))
    }

    /// Whether no neighbour is nearer, and an equally near one is odd. Beyond the largest number stands the power of two
    /// that would come next, in the place of infinity.
    private func isNearest(
        _ value: Float, _ bits: UInt16, infinity: UInt16, largestExponentStep: Int, of decode: (UInt16) -> Double
    ) -> Bool {
        if value == 0 { return bits == (value.sign == .minus ? 0x8000 : 0) }
        func magnitude(_ bits: UInt16) -> Double {
            bits == infinity ? pow(2, Double(largestExponentStep)) : decode(bits)
        }
        guard (bits >> 15 == 1) == (value.sign == .minus) else { return false }
        let own = bits & 0x7fff
        let exact = abs(Double(value))
        if value.isInfinite { return own == infinity }
        let distance = abs(magnitude(own) - exact)
        for neighbour in [own &- 1, own + 1] where neighbour <= infinity && own <= infinity {
            let other = abs(magnitude(neighbour) - exact)
            // Far beyond the largest number there is only infinity.
            if own == infinity && exact > magnitude(infinity) { continue }
            if other < distance || (other == distance && own % 2 == 1) { return false }
        }
        return own <= infinity
    }
}
