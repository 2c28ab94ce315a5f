import TextFrontend

/// Turns text into what the tokenizer is fed with, and that into tokens.
struct TextFeed {
    let tokenizer: BPETokenizer
    /// Nil where the text goes to the tokenizer unchanged.
    let phonemizer: (any Phonemizer)?

    /// The text as the tokenizer is fed with it.
    func fed(_ text: String) -> String { phonemizer?.phonemize(text) ?? text }

    /// The ids of a prompt's text and of a text, tokenised together as the reference does, and the count of the text's.
    func tokens(prompt: String?, text: String) -> (all: [Int], targetCount: Int) {
        let target = tokenizer.encode(text)
        guard let prompt else { return (target, target.count) }
        // Phonemes of two words must not run together.
        let joint = phonemizer == nil ? "" : " "
        return (tokenizer.encode(prompt + joint + text), target.count)
    }
}
