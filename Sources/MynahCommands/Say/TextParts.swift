import Foundation

/// Cuts a long text into parts that a model speaks in one piece each: at the ends of sentences where possible, else at
/// commas, else between words, and only as a last resort inside a word. Phoneme spans in braces stay whole.
struct TextParts {
    /// The longest part, in estimated seconds.
    var limitSeconds: Double
    /// The same for the first part, which may become the voice of the others.
    var firstLimitSeconds: Double

    init(limitSeconds: Double, firstLimitSeconds: Double? = nil) {
        self.limitSeconds = limitSeconds
        self.firstLimitSeconds = firstLimitSeconds ?? limitSeconds
    }

    /// The parts in order; joined, they have the text's words.
    func parts(of text: String) -> [String] {
        guard SpeechLength.seconds(of: text) > limitSeconds else { return [text] }
        var parts: [String] = []
        var part: [Character] = []
        var seconds = 0.0
        for piece in pieces(of: Array(text), marks: Self.levels) {
            let length = SpeechLength.seconds(of: String(piece))
            let limit = parts.isEmpty ? firstLimitSeconds : limitSeconds
            if !part.isEmpty, seconds + length > limit {
                parts.append(Self.trimmed(part))
                part = []
                seconds = 0
            }
            part += piece
            seconds += length
        }
        parts.append(Self.trimmed(part))
        return parts.filter(TextInput.isSpeakable)
    }

    /// What pieces may end with, from the best to the worst.
    private static let levels: [Set<Character>] = [
        [".", "!", "?", "。", "！", "？", "…", ";", "；"], [",", ":", "，", "、", "：", "—", ")", "）"], [" "],
    ]
    private static let closing: Set<Character> = ["\"", "'", "”", "’", ")", "]", "」", "』", "）", "》"]
    private static let abbreviations: Set<String> = [
        "mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "no", "jr", "sr", "fig", "vol", "gen", "col",
    ]

    private static func trimmed(_ part: [Character]) -> String {
        String(part).trimmingCharacters(in: .whitespaces)
    }

    /// Pieces that end with one of the first level's marks; pieces that are still too long are cut by the next level.
    private func pieces(of text: [Character], marks levels: [Set<Character>]) -> [[Character]] {
        let limit = min(limitSeconds, firstLimitSeconds)
        guard let marks = levels.first else { return hardPieces(of: text, limit: limit) }
        let isSentenceLevel = levels.count == Self.levels.count
        return Self.cut(text, after: marks, sentences: isSentenceLevel).flatMap { piece in
            SpeechLength.seconds(of: String(piece)) <= limit
                ? [piece] : pieces(of: piece, marks: Array(levels.dropFirst()))
        }
    }

    private static func cut(_ text: [Character], after marks: Set<Character>, sentences: Bool) -> [[Character]] {
        var pieces: [[Character]] = []
        var start = 0
        var index = 0
        var isInSpan = false
        while index < text.count {
            let character = text[index]
            if character == "{" { isInSpan = true }
            if character == "}" { isInSpan = false }
            index += 1
            guard !isInSpan, marks.contains(character) else { continue }
            while index < text.count, closing.contains(text[index]) || marks.contains(text[index]) { index += 1 }
            let isWide = character.unicodeScalars.first.map { $0.value >= 0x2000 } ?? false
            // In Latin script a mark ends something only before a space: not in 3.5 or in a web address.
            let endsHere = isWide || character == " " || index == text.count || text[index] == " "
            guard endsHere, !(sentences && character == "." && isAbbreviation(text[start..<index])) else { continue }
            while index < text.count, text[index] == " " { index += 1 }
            pieces.append(Array(text[start..<index]))
            start = index
        }
        if start < text.count { pieces.append(Array(text[start...])) }
        return pieces
    }

    /// Whether a text ends with a point that belongs to its last word: `Dr.`, `J.`
    private static func isAbbreviation(_ text: ArraySlice<Character>) -> Bool {
        var word = text.reversed().prefix { $0 != " " }.reversed().map { $0 }
        while let last = word.last, last == "." || closing.contains(last) { word.removeLast() }
        return abbreviations.contains(String(word).lowercased()) || (word.count == 1 && word[0].isUppercase)
    }

    private func hardPieces(of text: [Character], limit: Double) -> [[Character]] {
        var pieces: [[Character]] = []
        var piece: [Character] = []
        var seconds = 0.0
        var isInSpan = false
        for character in text {
            if character == "{" { isInSpan = true }
            if character == "}" { isInSpan = false }
            piece.append(character)
            seconds += SpeechLength.seconds(of: String(character))
            if seconds >= limit, !isInSpan || piece.count > 1000 {
                pieces.append(piece)
                piece = []
                seconds = 0
            }
        }
        if !piece.isEmpty { pieces.append(piece) }
        return pieces
    }
}
