import Glibc

/// How loud a sound is.
public struct Level: Sendable, Equatable {
    /// Largest magnitude; 1 is full scale.
    public let peak: Float
    /// Root of the mean square; a full-scale square wave has 1.
    public let rms: Float

    /// Measures samples; silence for none.
    public init(of samples: some Collection<Float>) {
        var peak: Float = 0
        var power = 0.0
        for sample in samples {
            peak = max(peak, abs(sample))
            power += Double(sample) * Double(sample)
        }
        self.peak = peak
        rms = samples.isEmpty ? 0 : Float((power / Double(samples.count)).squareRoot())
    }

    /// Peak in dB relative to full scale; silence is -infinity.
    public var peakDecibels: Double { Self.decibels(Double(peak)) }
    /// RMS in dB relative to full scale; silence is -infinity.
    public var rmsDecibels: Double { Self.decibels(Double(rms)) }

    static func decibels(_ ratio: Double) -> Double { 20 * log10(ratio) }

    /// The level of each `frameSeconds` of a sound, the last one possibly shorter.
    static func frames(of audio: MonoAudio, frameSeconds: Double) -> [Level] {
        let length = max(1, Int(frameSeconds * Double(audio.sampleRateHz)))
        return stride(from: 0, to: audio.samples.count, by: length).map { start in
            Level(of: audio.samples[start..<min(start + length, audio.samples.count)])
        }
    }
}
