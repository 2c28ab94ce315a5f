import Foundation
import TextFrontend

/// English as phonemes, with the user's own pronunciations first.
enum EnglishReading {
    /// - Parameter lexicon: The path of the user's pronunciations.
    /// - Throws: `LexiconError`.
    static func phonemizer(lexicon: String?) throws -> any Phonemizer {
        let own = try lexicon.map { try UserLexicon(contentsOf: URL(fileURLWithPath: $0)) }
        return try EnglishPhonemizer.embedded(userEntries: own ?? UserLexicon())
    }
}
