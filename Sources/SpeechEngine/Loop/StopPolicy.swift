import AudioIO

/// Hears whether a part came out badly: hardly any speech, or a long tail of silence or noise.
///
/// Too long speech is told by its patches, see `RetryPolicy`.
public struct StopPolicy: Sendable {
    public let sampleRateHz: Int
    /// Speech shorter than this share of the estimate is too short.
    public var shortestShare = 0.2
    /// Silence at the end from which on it is bad, in seconds.
    public var silentTailSeconds = 1.5
    /// Noise at the end from which on it is bad, in seconds: no sound of speech lasts so long without a voice.
    public var noiseTailSeconds = 1.2
    /// How far below the loudest frame silence begins, in dB.
    public var silenceDepthDecibels = 45.0
    /// How much a frame with a voice is like itself one pitch period earlier, 0 to 1.
    public var voicedLikeness = 0.35

    public init(sampleRateHz: Int) { self.sampleRateHz = sampleRateHz }

    private static let frameSeconds = 0.04

    /// What is wrong with a part; nil where nothing is.
    ///
    /// - Parameter expectedSeconds: How long the text takes to say, as ``SpeechLength`` guesses.
    public func badCase(of samples: [Float], expectedSeconds: Double) -> BadCase? {
        let size = max(1, Int(Self.frameSeconds * Double(sampleRateHz)))
        let starts = Array(stride(from: 0, to: samples.count - size + 1, by: size))
        let levels = starts.map { Level(of: samples[$0..<$0 + size]).rmsDecibels }
        let floor = max(-70, (levels.max() ?? -.infinity) - silenceDepthDecibels)
        let loud = levels.filter { $0 > floor }.count
        if expectedSeconds >= 1, Double(loud) * Self.frameSeconds < shortestShare * expectedSeconds {
            return .tooShort
        }
        let silent = levels.reversed().prefix { $0 <= floor }.count
        if Double(silent) * Self.frameSeconds > silentTailSeconds { return .silentTail }
        let noiseFrames = Int(noiseTailSeconds / Self.frameSeconds)
        let tail = starts.dropLast(silent).suffix(noiseFrames)
        guard tail.count == noiseFrames else { return nil }
        let isNoise = zip(tail, levels.dropLast(silent).suffix(noiseFrames)).allSatisfy { start, level in
            level > floor && !isVoiced(samples[start..<start + size])
        }
        return isNoise ? .noiseTail : nil
    }

    /// Whether a frame repeats itself with a pitch of 62 to 400 Hz.
    private func isVoiced(_ frame: ArraySlice<Float>) -> Bool {
        // Pitch needs no high frequencies: means of a few samples make it cheap.
        let step = max(1, sampleRateHz / 8_000)
        let rate = sampleRateHz / step
        let low = stride(from: frame.startIndex, to: frame.endIndex - step + 1, by: step).map { start in
            frame[start..<start + step].reduce(0, +)
        }
        for lag in rate / 400...max(rate / 400, rate / 62) where lag < low.count / 2 + low.count / 4 {
            var (product, first, second) = (Float(0), Float(0), Float(0))
            for index in lag..<low.count {
                product += low[index] * low[index - lag]
                first += low[index] * low[index]
                second += low[index - lag] * low[index - lag]
            }
            let energy = (first * second).squareRoot()
            if energy > 0, Double(product / energy) > voicedLikeness { return true }
        }
        return false
    }
}
