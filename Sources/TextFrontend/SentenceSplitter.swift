/// A stretch of a text that is said in one go.
public struct SplitPiece: Sendable, Equatable {
    /// What a piece ends.
    public enum Ending: Int, Sendable, Comparable {
        case clause, sentence, paragraph

        public static func < (left: Ending, right: Ending) -> Bool { left.rawValue < right.rawValue }
    }

    public let range: Range<String.Index>
    public let ending: Ending

    public init(range: Range<String.Index>, ending: Ending) {
        self.range = range
        self.ending = ending
    }
}

/// Cuts text into sentences, and long sentences into clauses, without touching a character other than white space.
///
/// A cut never falls inside a word, a number, an abbreviation or a phoneme span. A piece may be longer than
/// `maximumLength` only where no such place exists. Works on English and Chinese punctuation.
public struct SentenceSplitter: Sendable {
    private static let enders: Set<Character> = [".", "!", "?", "…", "。", "！", "？"]
    private static let wideEnders: Set<Character> = ["。", "！", "？"]
    private static let closers: Set<Character> = ["\"", "'", ")", "]", "}", "”", "’", "»", "」", "』", "）"]
    private static let clauseMarks: [Set<Character>] = [[";", ":", "—", "；", "："], [",", "，", "、"]]

    /// Pieces are at most this many characters long, where the text allows it.
    public let maximumLength: Int

    /// A splitter for pieces of at most `maximumLength` characters (at least 20).
    public init(maximumLength: Int = 300) { self.maximumLength = max(20, maximumLength) }

    /// The pieces, in order, without the white space around them; none for a blank text.
    public func split(_ text: String) -> [String] { pieces(of: text).map { String(text[$0.range]) } }

    /// Where the pieces of a text lie, in order, without the white space around them; none for a blank text.
    public func pieces(of text: String) -> [SplitPiece] {
        let passage = SplitPassage(text)
        var ranges: [(characters: Range<Int>, ending: SplitPiece.Ending)] = []
        for sentence in sentences(passage) { divide(sentence, of: passage, into: &ranges) }
        let indices = Array(text.indices) + [text.endIndex]
        return ranges.map { range, ending in
            SplitPiece(range: indices[range.lowerBound]..<indices[range.upperBound], ending: ending)
        }
    }

    // MARK: Sentences

    private func sentences(_ passage: SplitPassage) -> [Range<Int>] {
        let characters = passage.characters
        var sentences: [Range<Int>] = []
        var start = 0
        var index = 0
        while index < characters.count {
            var end: Int?
            if passage.isInSpan[index] {
                index += 1
                continue
            }
            if Self.enders.contains(characters[index]) { end = sentenceEnd(at: index, in: passage) }
            if characters[index].isNewline, passage.isBlankLine(after: index) { end = index + 1 }
            if let end {
                sentences.append(start..<end)
                start = end
                index = end
            } else {
                index += 1
            }
        }
        sentences.append(start..<characters.count)
        return sentences
    }

    /// The position after the sentence that this mark ends, if it ends one.
    private func sentenceEnd(at mark: Int, in passage: SplitPassage) -> Int? {
        let characters = passage.characters
        var end = mark + 1
        while end < characters.count, !passage.isInSpan[end],
            Self.enders.contains(characters[end]) || Self.closers.contains(characters[end])
        {
            end += 1
        }
        if Self.wideEnders.contains(characters[mark]) { return end }
        guard end < characters.count else { return end }
        guard characters[end].isWhitespace else { return nil }
        let next = passage.word(after: end)
        if next.first?.isLowercase ?? false { return nil }
        if characters[mark] == ".", mark + 1 == end, isAbbreviation(passage.word(before: mark), next: next) {
            return nil
        }
        return end
    }

    /// Whether a period belongs to the word before it and the sentence goes on.
    private func isAbbreviation(_ word: String, next: String) -> Bool {
        let lower = word.lowercased()
        if Abbreviations.titles[lower] != nil, word.first?.isUppercase ?? false { return true }
        if Abbreviations.beforeNumbers[lower] != nil, next.first?.isNumber ?? false { return true }
        let goesOn = !Abbreviations.beginnings.contains(next.lowercased())
        if word.count == 1, word.first?.isUppercase ?? false, word != "I" { return goesOn }
        if lower == "st" || word.contains(".") { return goesOn }
        if Abbreviations.others[lower] != nil, lower != "etc", word.count > 1 {
            return goesOn && next.first?.isUppercase ?? false
        }
        return Abbreviations.month(lower) != nil && word.count <= 4 && next.first?.isNumber ?? false
    }

    // MARK: Clauses

    private func divide(
        _ sentence: Range<Int>, of passage: SplitPassage,
        into pieces: inout [(characters: Range<Int>, ending: SplitPiece.Ending)]
    ) {
        var start = sentence.lowerBound
        while sentence.upperBound - start > maximumLength {
            while start < sentence.upperBound, passage.characters[start].isWhitespace { start += 1 }
            guard sentence.upperBound - start > maximumLength,
                let cut = cut(from: start, to: sentence.upperBound, in: passage)
            else { break }
            if let piece = passage.trimmed(start..<cut) { pieces.append((piece, .clause)) }
            start = cut
        }
        if let piece = passage.trimmed(start..<sentence.upperBound) {
            pieces.append((piece, passage.isParagraphEnd(piece.upperBound) ? .paragraph : .sentence))
        }
    }

    /// The best place to cut: the last strong mark, else comma, else space of the allowed length; failing all, the
    /// first space beyond it.
    private func cut(from start: Int, to end: Int, in passage: SplitPassage) -> Int? {
        let limit = start + maximumLength
        for marks in Self.clauseMarks {
            for index in stride(from: limit - 1, to: start + maximumLength / 3, by: -1)
            where marks.contains(passage.characters[index]) && passage.mayCut(after: index) {
                return index + 1
            }
        }
        for index in stride(from: limit, to: start, by: -1) where passage.isFreeSpace(index) { return index }
        return (limit..<end).first { passage.isFreeSpace($0) }
    }
}

/// A text as characters, and which of them lie in phoneme spans.
private struct SplitPassage {
    let characters: [Character]
    private(set) var isInSpan: [Bool]

    init(_ text: String) {
        characters = Array(text)
        isInSpan = []
        isInSpan.reserveCapacity(characters.count)
        for piece in PhonemeSpan.split(text) {
            switch piece {
            case .text(let text): isInSpan += repeatElement(false, count: text.count)
            case .span(let span): isInSpan += repeatElement(true, count: span.count)
            }
        }
        // Where a piece's edge joins characters (a combining mark after a brace), the counts may differ.
        isInSpan += repeatElement(false, count: max(0, characters.count - isInSpan.count))
    }

    func isFreeSpace(_ index: Int) -> Bool { characters[index].isWhitespace && !isInSpan[index] }

    /// After a mark in Latin text a space must follow ("10:30", "1,000"); after a wide one anything may.
    func mayCut(after index: Int) -> Bool {
        guard !isInSpan[index], index + 1 < characters.count else { return false }
        return !characters[index].isASCII || characters[index + 1].isWhitespace
    }

    func isBlankLine(after index: Int) -> Bool {
        var position = index + 1
        while position < characters.count, characters[position].isWhitespace {
            if characters[position].isNewline { return true }
            position += 1
            if position > index + 64 { return false }
        }
        return false
    }

    /// The letters and inner periods before a position, at most 24 of them.
    func word(before position: Int) -> String {
        var start = position
        while start > 0, position - start < 24, characters[start - 1].isLetter || characters[start - 1] == "." {
            start -= 1
        }
        return String(characters[start..<position])
    }

    /// The word after white space and opening marks, at most 24 characters of it.
    func word(after position: Int) -> String {
        var start = position
        while start < characters.count, start < position + 64,
            characters[start].isWhitespace || "\"'([“‘".contains(characters[start])
        {
            start += 1
        }
        var end = start
        while end < characters.count, end < start + 24, characters[end].isLetter || characters[end].isNumber {
            end += 1
        }
        return String(characters[start..<end])
    }

    /// Whether a blank line or the end of the text follows.
    func isParagraphEnd(_ end: Int) -> Bool {
        var position = end
        var lines = 0
        while position < characters.count, characters[position].isWhitespace {
            if characters[position].isNewline { lines += 1 }
            if lines == 2 { return true }
            position += 1
        }
        return position == characters.count
    }

    /// A range without the white space around it; nil where nothing is left.
    func trimmed(_ range: Range<Int>) -> Range<Int>? {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, characters[start].isWhitespace { start += 1 }
        while end > start, characters[end - 1].isWhitespace { end -= 1 }
        return start < end ? start..<end : nil
    }
}
