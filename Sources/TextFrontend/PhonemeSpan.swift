/// Phoneme spans in text: `{HH AH0 L OW1}` for English, `{ni3}{hao3}` for Mandarin.
enum PhonemeSpan {
    enum Piece: Equatable {
        case text(Substring)
        /// A span with its braces.
        case span(String)
    }

    /// Longer brace contents are text.
    static let lengthLimit = 400

    /// The span that starts at `start`, if the braces there hold only letters, digits and spaces.
    static func span(in text: some StringProtocol, at start: String.Index) -> Range<String.Index>? {
        guard text[start] == "{" else { return nil }
        var index = text.index(after: start)
        var length = 0
        while index < text.endIndex, length <= lengthLimit {
            let character = text[index]
            if character == "}" { return length > 0 ? start..<text.index(after: index) : nil }
            guard character.isASCII, character.isLetter || character.isNumber || character == " " else { return nil }
            length += 1
            index = text.index(after: index)
        }
        return nil
    }

    static func split(_ text: String) -> [Piece] {
        var pieces: [Piece] = []
        var done = text.startIndex
        var index = text.startIndex
        while let brace = text[index...].firstIndex(of: "{") {
            if let range = span(in: text, at: brace) {
                if done < brace { pieces.append(.text(text[done..<brace])) }
                pieces.append(.span(String(text[range])))
                done = range.upperBound
                index = done
            } else {
                index = text.index(after: brace)
            }
        }
        if done < text.endIndex { pieces.append(.text(text[done...])) }
        return pieces
    }
}
