/// Why pronunciation data cannot be used.
public enum LexiconError: Error, Sendable, Equatable {
    case resourcesMissing(file: String, searched: [String])
    case unreadable(path: String, reason: String)
    case tooLarge(path: String, bytes: Int, limit: Int)
    case notALexicon(path: String, expected: String)
    case damaged(path: String, part: String)
    case badLine(path: String, line: Int, reason: LineFault)

    /// What is wrong with a line of a user's lexicon.
    public enum LineFault: Error, Sendable, Equatable {
        case noPronunciation(word: String)
        case unknownPhoneme(String)
        case noVowel(word: String)
        case badWord(String)
    }
}

extension LexiconError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .resourcesMissing(let file, let searched):
            "The pronunciation data \(file) was not found in \(searched.joined(separator: ", ")); "
                + "put the folder mynah_TextFrontend.resources beside the program."
        case .unreadable(let path, let reason):
            "The lexicon \(path) cannot be read (\(reason)); check the path and its permissions."
        case .tooLarge(let path, let bytes, let limit):
            "The lexicon \(path) has \(bytes) bytes, more than the \(limit) allowed; split it or remove entries."
        case .notALexicon(let path, let expected):
            "The file \(path) is not \(expected); build it again with tools/lexicon/build.py."
        case .damaged(let path, let part):
            "The file \(path) is damaged (\(part)); build it again with tools/lexicon/build.py."
        case .badLine(let path, let line, let reason):
            "Line \(line) of the lexicon \(path) \(reason); write it as \"word  HH AH0 L OW1\"."
        }
    }
}

extension LexiconError.LineFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noPronunciation(let word): "gives no pronunciation for \"\(word.prefix(40))\""
        case .unknownPhoneme(let name): "uses \"\(name.prefix(40))\", which is no ARPAbet phoneme"
        case .noVowel(let word): "gives \"\(word.prefix(40))\" no vowel"
        case .badWord(let word): "has \"\(word.prefix(40))\" where a single word must stand"
        }
    }
}
