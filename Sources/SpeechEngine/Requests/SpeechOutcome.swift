public import VoxCPM

/// Why an accepted request was ended before its time.
public enum CancelReason: String, Sendable, CaseIterable {
    /// Somebody asked for it.
    case asked
    /// Whoever read the events has gone.
    case readerGone = "reader_gone"
    /// Nobody read the audio, see ``EngineConfiguration/slowReaderPatience``.
    case slowReader = "slow_reader"
    /// It waited too long for a place.
    case queueDeadline = "queue_deadline"
    /// It took too long in all.
    case totalDeadline = "total_deadline"
    /// The engine stopped before it was over.
    case shutdown
}

/// How a request ended.
public enum SpeechEnd: Sendable, Equatable {
    /// The whole text was spoken.
    case complete
    /// ``SpeechRequest/maxSeconds`` cut the speech off.
    case lengthLimit
    /// It was cancelled; the audio that was delivered is valid.
    case cancelled(CancelReason)
    /// The engine could not go on with it; the other requests are not affected.
    case failed(reason: String)
    /// The device failed while it was spoken, with all that were spoken at the same time. Sent again, it is likely to be
    /// spoken.
    case deviceFailed(DeviceFault)
}

/// What was wrong with an attempt at a part.
public enum BadCase: String, Sendable, CaseIterable {
    /// More patches than the text can need: the model did not find the end.
    case tooLong = "too_long"
    /// Hardly any speech for the text.
    case tooShort = "too_short"
    /// A long silence at the end.
    case silentTail = "silent_tail"
    /// A long noise without a voice at the end.
    case noiseTail = "noise_tail"
    /// Samples that are no numbers.
    case notFinite = "not_finite"
}

/// What a request came to.
public struct SpeechOutcome: Sendable {
    public let end: SpeechEnd
    /// The seed of the first part's accepted attempt: with it and one attempt the same speech comes again.
    public let seed: UInt64
    /// Seconds of audio delivered, pauses included.
    public let seconds: Double
    /// Why the last part ended; nil where none has.
    public let finishReason: FinishReason?
    /// Attempts that were thrown away, by part in order.
    public let retries: [BadCase]
    /// From acceptance to the first place in the engine.
    public let queueWait: Duration
    /// From acceptance to the first audio; nil where there was none.
    public let timeToFirstAudio: Duration?
    /// From acceptance to the end.
    public let total: Duration
    /// The voice that the speech had: a following request that is given it speaks with the same. Nil where the speech
    /// ended before there was one.
    public let voice: VoicePrompt?

    /// Wall time from the first place in the engine to the end, over seconds of audio; nil without audio.
    public var rtf: Double? { seconds > 0 ? (total - queueWait).inSeconds / seconds : nil }
    /// Whether the whole text was spoken.
    public var isComplete: Bool { end == .complete }
}

extension Duration {
    /// As a number of seconds.
    public var inSeconds: Double {
        let (whole, attoseconds) = components
        return Double(whole) + Double(attoseconds) * 1e-18
    }
}
