/// Turns the text of one language into phoneme text: spans in braces with punctuation between them.
///
/// English gives one span per word, `{HH AH0 L OW1}, {W ER1 L D}!`. A Mandarin front end will give one span per
/// syllable, `{ni3}{hao3}`. Spans that are already in the text stay as they are.
public protocol Phonemizer: Sendable {
    /// The phoneme text of `text`. Never fails: what cannot be read is left out.
    func phonemize(_ text: String) -> String
}
