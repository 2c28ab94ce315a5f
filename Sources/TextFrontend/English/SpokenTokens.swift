/// The pieces of a spelled-out text: words, marks, spaces and spans.
enum SpokenTokens {
    enum Token: Equatable {
        case word(String)
        case mark(Character)
        case space
        case span(String)
    }

    static func tokens(of text: String) -> [Token] {
        var tokens: [Token] = []
        for piece in PhonemeSpan.split(text) {
            switch piece {
            case .span(let span): tokens.append(.span(span))
            case .text(let text): append(text, to: &tokens)
            }
        }
        return tokens
    }

    private static func append(_ text: Substring, to tokens: inout [Token]) {
        var word = ""
        func finish() {
            let bare =
                word.hasPrefix("'") && !Chunker.clipped.contains(word.lowercased()) ? String(word.dropFirst()) : word
            if bare.contains(where: \.isLetter) { tokens.append(.word(bare)) }
            word = ""
        }
        for character in text {
            if character.isLetter || character == "'" || character == "-" && !word.isEmpty {
                word.append(character)
                continue
            }
            finish()
            if character.isWhitespace {
                if tokens.last != .space { tokens.append(.space) }
            } else if ",.!?;:—…\"()".contains(character) {
                tokens.append(.mark(character))
            } else if tokens.last != .space {
                tokens.append(.space)
            }
        }
        finish()
    }

    // MARK: Context

    static func context(of index: Int, in tokens: [Token]) -> WordContext {
        let before = neighbours(from: index, by: -1, in: tokens)
        let after = neighbours(from: index, by: 1, in: tokens)
        guard case .word(let typed) = tokens[index] else { return WordContext(word: "", typed: "") }
        return WordContext(
            word: typed.lowercased(), typed: typed, previous: before.words.first?.lowercased() ?? "",
            beforePrevious: before.words.dropFirst().first?.lowercased() ?? "",
            next: after.words.first?.lowercased() ?? "", afterNext: after.words.dropFirst().first?.lowercased() ?? "",
            previousIsCapital: before.words.first?.first?.isUppercase ?? false,
            nextIsCapital: after.words.first?.first?.isUppercase ?? false,
            isSentenceStart: before.words.isEmpty && before.endsSentence,
            isPast: speaksOfPast(around: index, in: tokens))
    }

    /// Up to two words in one direction, as far as the next mark.
    private static func neighbours(
        from index: Int, by step: Int, in tokens: [Token]
    ) -> (words: [String], endsSentence: Bool) {
        var words: [String] = []
        var position = index + step
        while tokens.indices.contains(position), words.count < 2 {
            switch tokens[position] {
            case .word(let word): words.append(word)
            case .mark(let mark): return (words, ".!?:…\"(".contains(mark))
            case .space, .span: break
            }
            position += step
        }
        return (words, !tokens.indices.contains(position))
    }

    private static func speaksOfPast(around index: Int, in tokens: [Token]) -> Bool {
        let signs: Set = ["yesterday", "ago", "last", "once", "was", "were", "had", "earlier"]
        for step in [-1, 1] {
            var position = index + step
            while tokens.indices.contains(position), abs(position - index) < 40 {
                if case .mark(let mark) = tokens[position], ".!?".contains(mark) { break }
                if case .word(let word) = tokens[position], signs.contains(word.lowercased()) { return true }
                position += step
            }
        }
        return false
    }
}
