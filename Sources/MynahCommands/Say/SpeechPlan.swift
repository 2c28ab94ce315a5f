import Checkpoint
import Compute

/// How a text is divided so that each part fits into the model's context with its voice and room for the speech.
struct SpeechPlan {
    /// No part is meant to be longer, in estimated seconds: models are trained on about half a minute.
    private static let longestSeconds = 25.0
    /// A part that becomes the voice of the others is read again before each of them.
    private static let longestVoiceSeconds = 12.0
    /// Speech may take this much longer than estimated before it no longer fits.
    private static let reserve = 1.5

    let feed: TextFeed
    let configuration: ModelConfiguration
    /// The longest speech of one part, where the model has a limit of its own.
    let partSeconds: Double?

    private var secondsPerPatch: Double {
        Double(configuration.samplesPerPatch) / Double(configuration.audioVAE.sampleRateHz)
    }

    /// Patches that a text may take.
    private func patches(_ text: String) -> Int {
        Int((SpeechLength.seconds(of: text) * Self.reserve / secondsPerPatch).rounded(.up)) + 2
    }

    /// The parts of a text.
    ///
    /// - Parameter prompt: The voice's text as fed to the tokenizer, and its patches.
    func parts(of text: String, prompt: (text: String, patches: Int)?) -> [String] {
        var limit = min(Self.longestSeconds, (partSeconds ?? .infinity) * 0.8)
        while true {
            let first = prompt == nil ? min(limit, Self.longestVoiceSeconds) : limit
            let parts = TextParts(limitSeconds: limit, firstLimitSeconds: first).parts(of: text)
            if limit < 1 || parts.allSatisfy({ fits($0, first: parts[0], prompt: prompt) }) { return parts }
            limit *= 0.6
        }
    }

    private func fits(_ part: String, first: String, prompt: (text: String, patches: Int)?) -> Bool {
        let voice = prompt ?? (part == first ? nil : (feed.fed(first), patches(first)))
        let tokens = feed.tokens(prompt: voice?.text, text: feed.fed(part)).all.count
        return tokens + 1 + (voice?.patches ?? 0) + patches(part) <= configuration.maxLength
    }

    /// Checks that a voice leaves room for a short sentence.
    ///
    /// - Throws: ``CommandError/promptTooLong(file:seconds:limitSeconds:)``.
    func check(_ prompt: VoicePrompt, named name: String) throws {
        let patches = prompt.latents.rows / configuration.patchSize
        let tokens = feed.tokens(prompt: nil, text: prompt.text).all.count
        let room = configuration.maxLength - tokens - 1 - Int(2 / secondsPerPatch)
        guard patches <= room else {
            throw CommandError.promptTooLong(
                file: name, seconds: Double(patches) * secondsPerPatch,
                limitSeconds: max(0, Double(room) * secondsPerPatch))
        }
    }
}
