public import Foundation

/// The user's own pronunciations, which come before all others.
///
/// A text file with one entry a line, `word  HH AH0 L OW1`, spaces or tabs between; `#` starts a comment. A later
/// entry for the same word replaces an earlier one. Words match in any case.
public struct UserLexicon: Sendable, Equatable {
    private static let fileSizeLimit = 16 << 20
    private var entries: [String: [String]] = [:]

    /// A lexicon without entries.
    public init() {}

    /// Reads a lexicon file in UTF-8.
    public init(contentsOf url: URL) throws(LexiconError) {
        let bytes = try ResourceFolder.read(url, limit: Self.fileSizeLimit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(path: url.path, reason: "it is not UTF-8 text")
        }
        try self.init(parsing: text, path: url.path)
    }

    /// Reads the text of a lexicon file; `path` is named in errors.
    public init(parsing text: String, path: String = "(text)") throws(LexiconError) {
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let fields = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let word = fields.first else { continue }
            do {
                try add(word, phonemes: Array(fields.dropFirst()))
            } catch {
                throw .badLine(path: path, line: number + 1, reason: error)
            }
        }
    }

    /// How many words there are.
    public var count: Int { entries.count }

    /// Adds or replaces an entry.
    public mutating func add(_ word: String, phonemes: [String]) throws(LexiconError.LineFault) {
        let key = Self.key(word)
        let isWord = key.contains(where: \.isLetter) && !key.contains { "{}".contains($0) || $0.isWhitespace }
        guard isWord, key.count <= 64 else { throw .badWord(word) }
        if phonemes.isEmpty { throw .noPronunciation(word: word) }
        let upper = phonemes.map { $0.uppercased() }
        if let unknown = upper.first(where: { !Phoneme.all.contains($0) }) { throw .unknownPhoneme(unknown) }
        if !upper.contains(where: Phoneme.isVowel) { throw .noVowel(word: word) }
        entries[key] = upper
    }

    /// The user's pronunciation of a word.
    public func pronunciation(of word: String) -> [String]? {
        entries.isEmpty ? nil : entries[Self.key(word)]
    }

    /// Whether the user has an entry for a word.
    public func contains(_ word: String) -> Bool { pronunciation(of: word) != nil }

    private static func key(_ word: String) -> String {
        Typography.plain(word).trimmingCharacters(in: .whitespaces).lowercased()
    }
}
