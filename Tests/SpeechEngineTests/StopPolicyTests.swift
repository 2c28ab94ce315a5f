import Foundation
import SpeechEngine
import Testing

/// Bad cases told by ear.
struct StopPolicyTests {
    private static let rate = 24_000

    /// Something with a pitch that moves and pulses, as a voice does.
    private func voice(_ seconds: Double) -> [Float] {
        var phase = 0.0
        return (0..<Int(seconds * Double(Self.rate))).map { index in
            let time = Double(index) / Double(Self.rate)
            phase += (130 + 30 * sin(time * 5)) / Double(Self.rate)
            let pulse = exp(-8 * phase.truncatingRemainder(dividingBy: 1))
            return Float(0.5 * pulse * (0.6 + 0.4 * sin(time * 18)))
        }
    }

    private func noise(_ seconds: Double, level: Float) -> [Float] {
        var state: UInt64 = 88_172_645_463_325_252
        return (0..<Int(seconds * Double(Self.rate))).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return level * Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
        }
    }

    private func silence(_ seconds: Double) -> [Float] { Array(repeating: 0, count: Int(seconds * Double(Self.rate))) }

    private func badCase(_ samples: [Float], expected: Double = 3) -> BadCase? {
        StopPolicy(sampleRateHz: Self.rate).badCase(of: samples, expectedSeconds: expected)
    }

    @Test func speechIsGood() {
        #expect(badCase(voice(3)) == nil)
        #expect(badCase(voice(3) + silence(0.8)) == nil)
        #expect(badCase(voice(2) + noise(0.3, level: 0.1) + silence(0.5)) == nil)
        #expect(badCase(voice(0.2), expected: 0.5) == nil)
    }

    @Test func tailsAreHeard() {
        #expect(badCase(voice(2) + silence(2)) == .silentTail)
        #expect(badCase(voice(2) + noise(2, level: 0.001)) == .silentTail)
        #expect(badCase(voice(2) + noise(1.5, level: 0.2)) == .noiseTail)
        #expect(badCase(voice(2) + noise(1.5, level: 0.2) + silence(0.5)) == .noiseTail)
        #expect(badCase(noise(3, level: 0.2)) == .noiseTail)
    }

    @Test func hardlyAnySpeechIsHeard() {
        #expect(badCase(voice(0.3)) == .tooShort)
        #expect(badCase(silence(3)) == .tooShort)
        #expect(badCase([]) == .tooShort)
    }
}
