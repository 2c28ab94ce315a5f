import Glibc

/// Loudness as people hear it: ITU-R BS.1770-4, one channel, with both gates.
public enum Loudness {
    /// Integrated loudness in LUFS; nil for less than 0.4 s or for what the gates call silence.
    public static func integrated(_ audio: MonoAudio) -> Double? {
        let rate = Double(audio.sampleRateHz)
        var shelf = Biquad.highShelf(rateHz: rate)
        var highPass = Biquad.highPass(rateHz: rate)
        let powers = audio.samples.map { sample -> Double in
            let weighted = highPass.next(shelf.next(Double(sample)))
            return weighted * weighted
        }
        // Blocks of 400 ms that overlap by three quarters.
        let length = Int(0.4 * rate)
        let hop = max(1, length / 4)
        guard length > 0, powers.count >= length else { return nil }
        let blocks = stride(from: 0, through: powers.count - length, by: hop).map { start in
            powers[start..<start + length].reduce(0, +) / Double(length)
        }
        let audible = blocks.filter { lufs($0) > -70 }
        guard !audible.isEmpty else { return nil }
        let threshold = lufs(mean(audible)) - 10
        let counted = audible.filter { lufs($0) > threshold }
        return counted.isEmpty ? nil : lufs(mean(counted))
    }

    private static func lufs(_ power: Double) -> Double { -0.691 + 10 * log10(power) }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
}

/// A second-order filter with its state.
private struct Biquad {
    let b0, b1, b2, a1, a2: Double
    private var s1 = 0.0
    private var s2 = 0.0

    private init(b0: Double, b1: Double, b2: Double, a0: Double, a1: Double, a2: Double) {
        self.b0 = b0 / a0
        self.b1 = b1 / a0
        self.b2 = b2 / a0
        self.a1 = a1 / a0
        self.a2 = a2 / a0
    }

    mutating func next(_ x: Double) -> Double {
        let y = b0 * x + s1
        s1 = b1 * x - a1 * y + s2
        s2 = b2 * x - a2 * y
        return y
    }

    /// The head's effect: +4 dB above 1.7 kHz. Values that give the standard's coefficients at 48 kHz.
    static func highShelf(rateHz: Double) -> Biquad {
        let k = tan(Double.pi * 1_681.974450955533 / rateHz)
        let q = 0.7071752369554196
        let high = pow(10, 3.999843853973347 / 20)
        let band = pow(high, 0.4996667741545416)
        return Biquad(
            b0: high + band * k / q + k * k, b1: 2 * (k * k - high), b2: high - band * k / q + k * k,
            a0: 1 + k / q + k * k, a1: 2 * (k * k - 1), a2: 1 - k / q + k * k)
    }

    /// Bass counts less: high pass at 38 Hz.
    static func highPass(rateHz: Double) -> Biquad {
        let k = tan(Double.pi * 38.13547087602444 / rateHz)
        let q = 0.5003270373238773
        let a0 = 1 + k / q + k * k
        return Biquad(
            b0: a0, b1: -2 * a0, b2: a0, a0: a0, a1: 2 * (k * k - 1), a2: 1 - k / q + k * k)
    }
}
