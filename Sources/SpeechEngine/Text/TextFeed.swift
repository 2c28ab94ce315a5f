public import TextFrontend

/// Turns text into what the tokenizer is fed with, and that into tokens.
public struct TextFeed: Sendable {
    public let tokenizer: BPETokenizer
    /// Nil where the text goes to the tokenizer unchanged.
    public let phonemizer: (any Phonemizer)?
    /// Whether numbers and abbreviations are spelled out for a model that reads the text itself; phonemizers always do.
    public var spellsOut = false

    public init(tokenizer: BPETokenizer, phonemizer: (any Phonemizer)?) {
        self.tokenizer = tokenizer
        self.phonemizer = phonemizer
    }

    /// The feed of a model.
    ///
    /// - Parameters:
    ///   - form: What the model wants.
    ///   - lexicon: A person's own pronunciations; passed over where the model reads text itself.
    /// - Throws: `LexiconError`.
    public init(
        tokenizer: BPETokenizer, form: GenerationFile.TextForm, lexicon: UserLexicon = UserLexicon()
    ) throws {
        switch form {
        case .plain: self.init(tokenizer: tokenizer, phonemizer: nil)
        case .arpabet:
            self.init(tokenizer: tokenizer, phonemizer: try EnglishPhonemizer.embedded(userEntries: lexicon))
        }
    }

    /// The text as the tokenizer is fed with it.
    public func fed(_ text: String) -> String {
        phonemizer?.phonemize(text) ?? (spellsOut ? EnglishNormalizer.spellOut(text) : text)
    }

    /// The ids of a prompt's text and of a text, tokenised together as the reference does, and the count of the text's.
    ///
    /// - Parameters: Both as ``fed(_:)`` returns them.
    public func tokens(prompt: String?, text: String) -> (all: [Int], targetCount: Int) {
        let target = tokenizer.encode(text)
        guard let prompt else { return (target, target.count) }
        // Phonemes of two words must not run together.
        let joint = phonemizer == nil ? "" : " "
        return (tokenizer.encode(prompt + joint + text), target.count)
    }
}
