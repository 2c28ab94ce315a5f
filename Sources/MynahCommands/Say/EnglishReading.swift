import Foundation
import TextFrontend

/// English as phonemes, with the user's own pronunciations first.
enum EnglishReading {
    /// - Parameter lexicon: The path of the user's pronunciations.
    /// - Throws: Always, until the English front end is here.
    static func phonemizer(lexicon: String?) throws -> (String) -> String {
        throw CommandError.conflict(
            first: "English phonemes", second: "this version", advice: "use --text-mode plain and write {HH AH0 L OW1}")
    }
}
