import ArgumentParser
import Foundation
import SpeechEngine
import TextFrontend

/// The options about reading text.
struct TextOptions: ParsableArguments {
    /// What the tokenizer is fed with.
    enum Mode: String, ExpressibleByArgument, CaseIterable {
        /// As the model wants it.
        case auto
        case plain
        case arpabet
    }

    @Option(
        help: ArgumentHelp(
            "How text reaches the model: unchanged (plain), as English phonemes (arpabet), or as it wants it (auto).",
            valueName: "auto|plain|arpabet"))
    var textMode = Mode.auto

    @Option(
        help: ArgumentHelp("Your own pronunciations, one 'word  HH AH0 L OW1' a line.", valueName: "file"))
    var lexicon: String?

    @Flag(help: "Show on standard error what the model is given to read.")
    var showPhonemes = false

    /// The feed of a model.
    func feed(_ tokenizer: BPETokenizer, _ generation: GenerationFile, model: String) throws -> TextFeed {
        let form: GenerationFile.TextForm =
            switch textMode {
            case .auto: generation.text
            case .plain: .plain
            case .arpabet: .arpabet
            }
        if form == .plain, lexicon != nil { throw CommandError.lexiconUnused(model: model) }
        let own = try lexicon.map { try UserLexicon(contentsOf: URL(fileURLWithPath: $0)) }
        return try TextFeed(tokenizer: tokenizer, form: form, lexicon: own ?? UserLexicon())
    }
}
