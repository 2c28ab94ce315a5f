import AudioIO
import SpeechEngine

/// What is found in a recording before it becomes a voice.
struct VoiceAdvice: Encodable {
    struct Item: Encodable, Sendable {
        let code: String
        /// `fault`: it will not do; `warning`: it could be better.
        let severity: String
        let message: String
    }

    struct Trim: Encodable, Sendable {
        let start_seconds: Double
        let end_seconds: Double
    }

    let seconds: Double
    let sample_rate: Int
    let is_usable: Bool
    let advice: [Item]
    /// What would be left if silence were cut off; nil where there is none.
    let trim: Trim?
    /// How long the transcript is likely to take.
    let transcript_seconds: Double?

    /// - Parameter transcript: Nil where it was not given.
    init(_ audio: MonoAudio, transcript: String?) {
        let found = PromptCheck().advice(on: audio)
        var items = found.map {
            Item(code: $0.code, severity: $0 == .silent ? "fault" : "warning", message: $0.description)
        }
        let sounding = SilenceTrimmer().trimmedSeconds(of: audio)
        let spoken = (sounding?.upperBound ?? 0) - (sounding?.lowerBound ?? 0)
        if let transcript {
            items += Self.advice(on: transcript, spokenSeconds: spoken)
            transcript_seconds = SpeechLength.seconds(of: transcript)
        } else {
            transcript_seconds = nil
        }
        seconds = audio.durationSeconds
        sample_rate = audio.sampleRateHz
        is_usable = !items.contains { $0.severity == "fault" }
        advice = items
        let hasSilence = found.contains {
            switch $0 {
            case .silentHead, .silentTail: true
            default: false
            }
        }
        trim = hasSilence ? sounding.map { Trim(start_seconds: $0.lowerBound, end_seconds: $0.upperBound) } : nil
    }

    /// - Parameters:
    ///   - recording: The recording's field.
    ///   - transcript: The transcript's field.
    /// - Throws: 400 where the recording will not do.
    func expectUsable(recording: String, transcript: String) throws(APIError) {
        guard let fault = advice.first(where: { $0.severity == "fault" }) else { return }
        throw APIError.bad(
            fault.code.hasPrefix("transcript") ? transcript : recording, code: fault.code, fault.message)
    }

    /// Nobody speaks four times as fast or as slowly as others.
    private static func advice(on transcript: String, spokenSeconds: Double) -> [Item] {
        guard SpeakableText.isSpeakable(transcript) else {
            return [
                Item(
                    code: "transcript_empty", severity: "fault",
                    message: "The transcript has no words: write down what is said in the recording, word for word.")
            ]
        }
        let expected = SpeechLength.seconds(of: transcript)
        let figures = "about \(Self.whole(expected)) s for the transcript, \(Self.whole(spokenSeconds)) s of recording"
        if spokenSeconds > 0, expected > spokenSeconds * 4 {
            return [
                Item(
                    code: "transcript_too_long", severity: "fault",
                    message: "The transcript cannot be what is said: it is far too long (\(figures)).")
            ]
        }
        if expected > spokenSeconds * 2 {
            return [
                Item(
                    code: "transcript_too_long", severity: "warning",
                    message: "The transcript seems too long for the recording (\(figures)): is it word for word?")
            ]
        }
        if spokenSeconds > 1.5, expected * 3.5 < spokenSeconds {
            return [
                Item(
                    code: "transcript_too_short", severity: "warning",
                    message: "The transcript seems too short for the recording (\(figures)): is all of it written down?"
                )
            ]
        }
        return []
    }

    private static func whole(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10)" }
}

extension PromptCheck.Advice {
    /// A word for programs.
    var code: String {
        switch self {
        case .silent: "silent"
        case .tooShort: "too_short"
        case .tooLong: "too_long"
        case .clipped: "clipped"
        case .quiet: "quiet"
        case .noisy: "noisy"
        case .silentHead: "silent_head"
        case .silentTail: "silent_tail"
        case .lowRate: "low_rate"
        case .cutShort: "cut_short"
        }
    }
}
