import TextFrontend

/// Cuts a long text into parts that a model speaks in one piece each: whole sentences where possible, else clauses, else
/// words, and inside a word only where there is no other place.
struct TextParts {
    /// The longest part, in estimated seconds.
    var limitSeconds: Double
    /// The same for the first part, which may become the voice of the others.
    var firstLimitSeconds: Double

    /// The parts in order; joined, they have the text's words.
    func parts(of text: String) -> [String] {
        guard SpeechLength.seconds(of: text) > limitSeconds else { return [text] }
        var parts: [String] = []
        var part = ""
        var seconds = 0.0
        for piece in pieces(of: text) {
            let length = SpeechLength.seconds(of: piece)
            let limit = parts.isEmpty ? firstLimitSeconds : limitSeconds
            if !part.isEmpty, seconds + length > limit {
                parts.append(part)
                part = ""
                seconds = 0
            }
            part += (part.isEmpty || Self.isWide(part.last) ? "" : " ") + piece
            seconds += length
        }
        if !part.isEmpty { parts.append(part) }
        return parts.filter(TextInput.isSpeakable)
    }

    /// Pieces that fit into any part.
    private func pieces(of text: String) -> [String] {
        let limit = min(limitSeconds, firstLimitSeconds)
        let secondsPerCharacter = SpeechLength.seconds(of: text) / Double(max(text.count, 1))
        let splitter = SentenceSplitter(maximumLength: max(20, Int(limit / max(secondsPerCharacter, 0.01))))
        return splitter.split(text).flatMap { piece in
            // Half as much again is tolerated before a word or an unbroken run of characters is cut.
            SpeechLength.seconds(of: piece) <= limit * 1.5 ? [piece] : Self.cut(piece, limit: limit)
        }
    }

    /// Cuts a piece without any other place to cut, but not inside braces of a sane length.
    private static func cut(_ text: String, limit: Double) -> [String] {
        var pieces: [String] = []
        var piece = ""
        var seconds = 0.0
        var braceLength = 0
        for character in text {
            if character == "{" { braceLength = 1 } else if braceLength > 0 { braceLength += 1 }
            if character == "}" || braceLength > 400 { braceLength = 0 }
            piece.append(character)
            seconds += SpeechLength.seconds(of: String(character))
            if seconds >= limit, braceLength == 0 {
                pieces.append(piece)
                piece = ""
                seconds = 0
            }
        }
        return piece.isEmpty ? pieces : pieces + [piece]
    }

    /// Whether a character belongs to a script that is written without spaces.
    private static func isWide(_ character: Character?) -> Bool {
        guard let scalar = character?.unicodeScalars.first else { return false }
        return (0x2E80...0x9FFF).contains(scalar.value) || (0xF900...0xFFEF).contains(scalar.value)
    }
}
