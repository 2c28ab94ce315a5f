/// Tokens that are cut out of the text before the merges, found leftmost and longest.
struct AddedTokens: Sendable {
    struct Token: Sendable {
        var id: Int
        var isWord = false
        var takesSpaceBefore = false
        var takesSpaceAfter = false
    }

    enum Piece {
        case text(ArraySlice<UInt8>)
        case token(Int)
    }

    private var tokens: [Token] = []
    /// A trie: the node after `node` by `byte` is at key `node << 8 | byte`.
    private var edges: [Int: Int] = [:]
    private var tokenOfNode: [Int?] = [nil]

    mutating func add(_ content: ArraySlice<UInt8>, _ token: Token) {
        guard !content.isEmpty else { return }
        var node = 0
        for byte in content {
            let key = node << 8 | Int(byte)
            if let next = edges[key] {
                node = next
            } else {
                tokenOfNode.append(nil)
                node = tokenOfNode.count - 1
                edges[key] = node
            }
        }
        tokenOfNode[node] = tokens.count
        tokens.append(token)
    }

    /// Cuts the text; pieces of text are never empty.
    func split(_ text: ArraySlice<UInt8>) -> [Piece] {
        guard !tokens.isEmpty else { return text.isEmpty ? [] : [.text(text)] }
        var pieces: [Piece] = []
        var done = text.startIndex
        var position = text.startIndex
        while position < text.endIndex {
            guard let (token, end) = longestMatch(in: text, at: position) else {
                position += 1
                continue
            }
            defer { position = end }
            if token.isWord {
                let before = lastScalar(of: text[..<position])
                let after = firstScalar(of: text[end...])
                if before.map(isWordScalar) ?? false || after.map(isWordScalar) ?? false { continue }
            }
            var start = position
            var stop = end
            if token.takesSpaceBefore { start = max(done, startOfTrailingSpace(in: text[..<position])) }
            if token.takesSpaceAfter { stop = endOfLeadingSpace(in: text[end...]) }
            if done < start { pieces.append(.text(text[done..<start])) }
            pieces.append(.token(token.id))
            done = stop
        }
        if done < text.endIndex { pieces.append(.text(text[done...])) }
        return pieces
    }

    private func longestMatch(in text: ArraySlice<UInt8>, at start: Int) -> (Token, end: Int)? {
        var node = 0
        var position = start
        var best: (Token, end: Int)?
        while position < text.endIndex, let next = edges[node << 8 | Int(text[position])] {
            node = next
            position += 1
            if let token = tokenOfNode[node] { best = (tokens[token], position) }
        }
        return best
    }
}

private func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .decimalNumber, .nonspacingMark, .spacingMark, .enclosingMark: true
    default: scalar.properties.isAlphabetic
    }
}

private func firstScalar(of text: ArraySlice<UInt8>) -> Unicode.Scalar? {
    String(decoding: text.prefix(4), as: UTF8.self).unicodeScalars.first
}

private func lastScalar(of text: ArraySlice<UInt8>) -> Unicode.Scalar? {
    var start = text.endIndex
    while start > text.startIndex {
        start -= 1
        if text[start] & 0xC0 != 0x80 { break }
    }
    return String(decoding: text[start...], as: UTF8.self).unicodeScalars.first
}

private func startOfTrailingSpace(in text: ArraySlice<UInt8>) -> Int {
    var end = text.endIndex
    while let scalar = lastScalar(of: text[..<end]), scalar.properties.isWhitespace {
        end -= UTF8.width(scalar)
    }
    return end
}

private func endOfLeadingSpace(in text: ArraySlice<UInt8>) -> Int {
    var start = text.startIndex
    while let scalar = firstScalar(of: text[start...]), scalar.properties.isWhitespace {
        start += UTF8.width(scalar)
    }
    return start
}
