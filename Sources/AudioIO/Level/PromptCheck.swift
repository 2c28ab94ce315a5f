/// Looks at a voice prompt before it is used and says what will spoil the result.
public struct PromptCheck: Sendable {
    /// One thing to know about a prompt.
    public enum Advice: Sendable, Equatable {
        /// Nothing is heard in it.
        case silent
        case tooShort(seconds: Double, advisedSeconds: Double)
        case tooLong(seconds: Double, advisedSeconds: Double)
        /// Share of samples at full scale.
        case clipped(share: Double)
        case quiet(rmsDecibels: Double)
        /// The pauses are loud compared to the speech.
        case noisy(signalToNoiseDecibels: Double)
        case silentHead(seconds: Double)
        case silentTail(seconds: Double)
        /// Little is left of a voice at such a rate.
        case lowRate(hz: Int)
        /// The file broke off or is damaged after `seconds`.
        case cutShort(seconds: Double)
    }

    /// Advised length of a prompt in seconds.
    public var secondsRange: ClosedRange<Double>
    /// Silence at the ends that goes without comment, in seconds.
    public var toleratedSilenceSeconds: Double

    public init(secondsRange: ClosedRange<Double> = 3...30, toleratedSilenceSeconds: Double = 0.5) {
        self.secondsRange = secondsRange
        self.toleratedSilenceSeconds = toleratedSilenceSeconds
    }

    /// All advice on `audio`, the gravest first; empty where it is fine.
    public func advice(on audio: MonoAudio) -> [Advice] {
        guard let sound = SilenceTrimmer().soundingSamples(of: audio) else { return [.silent] }
        let rate = Double(audio.sampleRateHz)
        let level = Level(of: audio.samples[sound])
        var advice: [Advice] = []
        if audio.wasCutShort { advice.append(.cutShort(seconds: audio.durationSeconds)) }
        if audio.durationSeconds < secondsRange.lowerBound {
            advice.append(.tooShort(seconds: audio.durationSeconds, advisedSeconds: secondsRange.lowerBound))
        }
        if audio.durationSeconds > secondsRange.upperBound {
            advice.append(.tooLong(seconds: audio.durationSeconds, advisedSeconds: secondsRange.upperBound))
        }
        let full = audio.samples.count { abs($0) >= 0.999 }
        let share = Double(full) / Double(audio.samples.count)
        if share > 0.0005 { advice.append(.clipped(share: share)) }
        if level.rmsDecibels < -38 { advice.append(.quiet(rmsDecibels: level.rmsDecibels)) }
        if let ratio = signalToNoise(audio), ratio < 15 {
            advice.append(.noisy(signalToNoiseDecibels: ratio))
        }
        let head = Double(sound.lowerBound) / rate
        let tail = Double(audio.samples.count - sound.upperBound) / rate
        if head > toleratedSilenceSeconds { advice.append(.silentHead(seconds: head)) }
        if tail > toleratedSilenceSeconds { advice.append(.silentTail(seconds: tail)) }
        if audio.sampleRateHz < 16_000 { advice.append(.lowRate(hz: audio.sampleRateHz)) }
        return advice
    }

    /// Loud frames against the quietest ones, in dB; nil where there are too few frames to tell.
    private func signalToNoise(_ audio: MonoAudio) -> Double? {
        let frames = Level.frames(of: audio, frameSeconds: 0.03).map { max(-120, $0.rmsDecibels) }.sorted()
        guard frames.count >= 30 else { return nil }
        return frames[frames.count * 9 / 10] - frames[frames.count / 20]
    }
}

extension PromptCheck.Advice: CustomStringConvertible {
    public var description: String {
        switch self {
        case .silent:
            return "The prompt is silent: record it again."
        case .tooShort(let seconds, let advised):
            return "The prompt has only \(hundredths(seconds)) s: give \(hundredths(advised)) s or more."
        case .tooLong(let seconds, let advised):
            return "The prompt has \(hundredths(seconds)) s: cut it to \(hundredths(advised)) s, more gains nothing."
        case .clipped(let share):
            return "The prompt is overdriven (\(hundredths(share * 100)) % of samples): record it with less gain."
        case .quiet(let rmsDecibels):
            return "The prompt is very quiet (\(hundredths(rmsDecibels)) dB): raise its level."
        case .noisy(let ratio):
            return "The prompt is noisy (speech \(hundredths(ratio)) dB above the pauses): record it in a quiet place."
        case .silentHead(let seconds):
            return "The prompt starts with \(hundredths(seconds)) s of silence: trim it."
        case .silentTail(let seconds):
            return "The prompt ends with \(hundredths(seconds)) s of silence: trim it."
        case .lowRate(let hz):
            return "The prompt has a sample rate of \(hz) Hz only: the voice will sound dull."
        case .cutShort(let seconds):
            return "The prompt's file is damaged after \(hundredths(seconds)) s: what came before is used."
        }
    }
}
