/// What is wrong with the files of a model or with a voice for it.
public enum SpeechModelError: Error, Equatable, CustomStringConvertible {
    /// `generation.json` says something that cannot be.
    case badGenerationFile(file: String, reason: String)
    /// The latents of a built-in voice cannot be used.
    case badVoiceFile(file: String, reason: String)
    /// The model has no voice of this name.
    case unknownVoice(name: String, model: String, available: [String])
    /// A voice leaves no room for speech.
    case promptTooLong(file: String, seconds: Double, limitSeconds: Double)

    public var description: String {
        switch self {
        case .badGenerationFile(let file, let reason):
            "\(file) cannot be used (\(reason)); get an undamaged copy of the model"
        case .badVoiceFile(let file, let reason):
            "the voice file \(file) cannot be used (\(reason)); get an undamaged copy of the model"
        case .unknownVoice(let name, let model, let available):
            available.isEmpty
                ? "the model \(model) has no built-in voices, so there is no '\(name)'; give it a recording and what is said in it"
                : "the model \(model) has no voice '\(name)'; choose one of \(available.joined(separator: ", "))"
        case .promptTooLong(let file, let seconds, let limitSeconds):
            "the prompt \(file) has \(Self.tenths(seconds)) s, which leaves no room for speech; "
                + "cut it to \(Self.tenths(limitSeconds)) s or less"
        }
    }

    private static func tenths(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10)" }
}
