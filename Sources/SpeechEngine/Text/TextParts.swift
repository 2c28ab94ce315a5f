public import TextFrontend

/// A part of a text, spoken in one piece.
public struct TextPart: Sendable, Equatable {
    /// What is said.
    public let text: String
    /// Where it stands in the whole text, in Unicode scalars.
    public let range: Range<Int>
    /// What ends with it.
    public let ending: SplitPiece.Ending
}

/// Where a text is cut even though the model could go on.
public enum PartCutting: String, Sendable, CaseIterable {
    /// Nowhere: parts are as long as the model speaks well.
    case longest
    /// After every paragraph.
    case paragraphs
    /// After every sentence: subtitles and pauses are exact, melody does not reach across sentences.
    case sentences
}

/// Cuts a long text into parts that a model speaks in one piece each: whole sentences where possible, else clauses, else
/// words, and inside a word only where there is no other place.
public struct TextParts: Sendable {
    /// The longest part, in estimated seconds.
    public var limitSeconds: Double
    /// The same for the first part, which may become the voice of the others.
    public var firstLimitSeconds: Double
    /// The shortest first part where a cut could be put off.
    public var firstMinimumSeconds = 0.0
    public var cutting = PartCutting.longest

    public init(limitSeconds: Double, firstLimitSeconds: Double) {
        self.limitSeconds = limitSeconds
        self.firstLimitSeconds = firstLimitSeconds
    }

    /// The parts in order; joined, they have the text's words.
    public func parts(of text: String) -> [TextPart] {
        let isShort = SpeechLength.seconds(of: text) <= limitSeconds
        let whole = TextPart(text: text, range: 0..<text.unicodeScalars.count, ending: .paragraph)
        if isShort, cutting == .longest { return [whole] }
        var parts: [TextPart] = []
        var part = ""
        var start = text.startIndex
        var seconds = 0.0
        var last: SplitPiece?
        func close() {
            guard let end = last else { return }
            let first = text.unicodeScalars.distance(from: text.startIndex, to: start)
            let count = text.unicodeScalars.distance(from: start, to: end.range.upperBound)
            parts.append(TextPart(text: part, range: first..<first + count, ending: end.ending))
            (part, seconds, last) = ("", 0, nil)
        }
        for piece in pieces(of: text) {
            let said = text[piece.range]
            let length = SpeechLength.seconds(of: said)
            let limit = parts.isEmpty ? firstLimitSeconds : limitSeconds
            let mayCut = !parts.isEmpty || seconds >= firstMinimumSeconds
            if let last, seconds + length > limit || mayCut && isCut(after: last.ending) { close() }
            if last == nil { start = piece.range.lowerBound }
            part += (part.isEmpty || Self.isWide(part.last) ? "" : " ") + said
            seconds += length
            last = piece
        }
        close()
        parts.removeAll { !SpeakableText.isSpeakable($0.text) }
        return isShort && parts.count == 1 ? [whole] : parts
    }

    private func isCut(after ending: SplitPiece.Ending) -> Bool {
        switch cutting {
        case .longest: false
        case .paragraphs: ending == .paragraph
        case .sentences: ending >= .sentence
        }
    }

    /// Pieces that fit into any part.
    private func pieces(of text: String) -> [SplitPiece] {
        let limit = min(limitSeconds, firstLimitSeconds)
        let secondsPerCharacter = SpeechLength.seconds(of: text) / Double(max(text.count, 1))
        let splitter = SentenceSplitter(maximumLength: max(20, Int(limit / max(secondsPerCharacter, 0.01))))
        return splitter.pieces(of: text).flatMap { piece in
            // Half as much again is tolerated before a word or an unbroken run of characters is cut.
            SpeechLength.seconds(of: text[piece.range]) <= limit * 1.5
                ? [piece] : Self.cut(piece, of: text, limit: limit)
        }
    }

    /// Cuts a piece without any other place to cut, but not inside braces of a sane length.
    private static func cut(_ piece: SplitPiece, of text: String, limit: Double) -> [SplitPiece] {
        var pieces: [SplitPiece] = []
        var start = piece.range.lowerBound
        var seconds = 0.0
        var braceLength = 0
        var index = start
        while index < piece.range.upperBound {
            let character = text[index]
            if character == "{" { braceLength = 1 } else if braceLength > 0 { braceLength += 1 }
            if character == "}" || braceLength > 400 { braceLength = 0 }
            index = text.index(after: index)
            seconds += SpeechLength.seconds(of: String(character))
            if seconds >= limit, braceLength == 0, index < piece.range.upperBound {
                pieces.append(SplitPiece(range: start..<index, ending: .clause))
                start = index
                seconds = 0
            }
        }
        return pieces + [SplitPiece(range: start..<piece.range.upperBound, ending: piece.ending)]
    }

    /// Whether a character belongs to a script that is written without spaces.
    private static func isWide(_ character: Character?) -> Bool {
        guard let scalar = character?.unicodeScalars.first else { return false }
        return (0x2E80...0x9FFF).contains(scalar.value) || (0xF900...0xFFEF).contains(scalar.value)
    }
}
