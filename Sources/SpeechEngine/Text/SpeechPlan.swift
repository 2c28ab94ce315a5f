public import Checkpoint
import Compute

/// How a text is divided so that each part fits into the model's context with its voice and room for the speech.
public struct SpeechPlan: Sendable {
    /// No part is meant to be longer, in estimated seconds: models are trained on about half a minute.
    private static let longestSeconds = 25.0
    /// A part that becomes the voice of the others is read again before each of them.
    private static let longestVoiceSeconds = 12.0
    /// Shorter than this, a part is no good voice for the others.
    private static let shortestVoiceSeconds = 3.0
    /// Speech may take this much longer than estimated before it no longer fits.
    private static let reserve = 1.5

    public internal(set) var feed: TextFeed
    public let configuration: ModelConfiguration
    /// The longest speech of one part, where the model has a limit of its own.
    public let partSeconds: Double?
    /// Positions that text, voice and speech of a part share.
    public let positions: Int

    /// - Parameter positions: Nil for the model's whole context.
    public init(feed: TextFeed, configuration: ModelConfiguration, partSeconds: Double?, positions: Int? = nil) {
        self.feed = feed
        self.configuration = configuration
        self.partSeconds = partSeconds
        self.positions = min(positions ?? configuration.maxLength, configuration.maxLength)
    }

    private var secondsPerPatch: Double {
        Double(configuration.samplesPerPatch) / Double(configuration.audioVAE.sampleRateHz)
    }

    /// Patches that a text may take.
    private func patches(_ text: String) -> Int {
        Int((SpeechLength.seconds(of: text) * Self.reserve / secondsPerPatch).rounded(.up)) + 2
    }

    /// The parts of a text.
    ///
    /// - Parameters:
    ///   - prompt: The voice; nil where the first part becomes the voice of the others.
    ///   - cutting: Where parts end at the latest.
    public func parts(of text: String, prompt: VoicePrompt?, cutting: PartCutting = .longest) -> [TextPart] {
        var limit = min(Self.longestSeconds, (partSeconds ?? .infinity) * 0.8)
        while true {
            var cutter = TextParts(
                limitSeconds: limit, firstLimitSeconds: prompt == nil ? min(limit, Self.longestVoiceSeconds) : limit)
            cutter.firstMinimumSeconds = prompt == nil ? Self.shortestVoiceSeconds : 0
            cutter.cutting = cutting
            let parts = cutter.parts(of: text)
            if limit < 1 || fits(parts, prompt: prompt) { return parts }
            limit *= 0.6
        }
    }

    private func fits(_ parts: [TextPart], prompt: VoicePrompt?) -> Bool {
        guard let first = parts.first else { return true }
        let firstAsVoice = prompt == nil ? (text: feed.fed(first.text), patches: patches(first.text)) : nil
        return parts.enumerated().allSatisfy { index, part in
            let voice = prompt.map { ($0.text, patchCount($0)) } ?? (index == 0 ? nil : firstAsVoice)
            let tokens = feed.tokens(prompt: voice?.0, text: feed.fed(part.text)).all.count
            return tokens + 1 + (voice?.1 ?? 0) + patches(part.text) <= positions
        }
    }

    private func patchCount(_ prompt: VoicePrompt) -> Int { prompt.latents.rows / configuration.patchSize }

    /// Checks that a voice leaves room for a short sentence.
    ///
    /// - Throws: ``SpeechModelError/promptTooLong(file:seconds:limitSeconds:)``.
    public func check(_ prompt: VoicePrompt, named name: String) throws(SpeechModelError) {
        let patches = patchCount(prompt)
        let tokens = feed.tokens(prompt: nil, text: prompt.text).all.count
        let room = positions - tokens - 1 - Int(2 / secondsPerPatch)
        guard patches <= room else {
            throw .promptTooLong(
                file: name, seconds: Double(patches) * secondsPerPatch,
                limitSeconds: max(0, Double(room) * secondsPerPatch))
        }
    }
}
