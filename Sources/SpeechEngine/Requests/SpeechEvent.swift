/// Where a stretch of the text lies in the audio, to the sample.
public struct SpeechMark: Sendable, Equatable {
    /// The part, counted from 0.
    public let index: Int
    /// What is said.
    public let text: String
    /// Where it stands in the request's text, in Unicode scalars.
    public let textRange: Range<Int>
    /// The samples of its speech.
    public let samples: Range<Int>
    /// Samples of silence that follow.
    public let pauseSamples: Int

    public init(index: Int, text: String, textRange: Range<Int>, samples: Range<Int>, pauseSamples: Int) {
        self.index = index
        self.text = text
        self.textRange = textRange
        self.samples = samples
        self.pauseSamples = pauseSamples
    }

    /// When its speech begins and ends, in seconds.
    public func seconds(sampleRateHz: Int) -> (start: Double, end: Double) {
        (Double(samples.lowerBound) / Double(sampleRateHz), Double(samples.upperBound) / Double(sampleRateHz))
    }
}

/// How far a speech is.
public struct SpeechProgress: Sendable, Equatable {
    /// Seconds of speech made, held back or not.
    public let seconds: Double
    /// The estimate of the seconds in all; grows where the speech outgrows it.
    public let expectedSeconds: Double
    /// The part being spoken, counted from 0, and how many there are.
    public let part: Int
    public let parts: Int
    /// Wall time since the start over seconds of speech.
    public let rtf: Double
}

/// What happens to a request, in order: `queued`*, `started`, then audio, marks and progress, and `finished` always and
/// only at the end.
public enum SpeechEvent: Sendable {
    /// It waits.
    ///
    /// - Parameters:
    ///   - position: How many are before it.
    ///   - eta: When it is likely to start, from the measured speed.
    case queued(position: Int, eta: Duration)
    /// The first part is being spoken.
    case started(seed: UInt64, parts: Int)
    /// Mono samples at the engine's rate; `start` counts samples of the whole speech from 0, without gaps.
    case audio(samples: [Float], start: Int)
    /// A part is over, and all its audio was delivered before.
    case mark(SpeechMark)
    /// Told after patches; a reader that is late gets the latest only.
    case progress(SpeechProgress)
    /// The end, whatever it is.
    case finished(SpeechOutcome)
}
