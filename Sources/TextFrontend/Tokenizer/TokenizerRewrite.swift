/// The rewriting of text before the merges: `Prepend` and `Replace` steps, in order.
struct TokenizerRewrite: Sendable {
    enum Step: Sendable {
        case prepend([UInt8])
        case replace(pattern: [UInt8], with: [UInt8])
    }

    var steps: [Step] = []

    func callAsFunction(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        for step in steps {
            switch step {
            case .prepend(let mark): if !text.isEmpty { text = (mark + text)[...] }
            case .replace(let pattern, let content): text = Self.replace(pattern, with: content, in: text)
            }
        }
        return text
    }

    private static func replace(
        _ pattern: [UInt8], with content: [UInt8], in text: ArraySlice<UInt8>
    ) -> ArraySlice<UInt8> {
        guard let first = pattern.first else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var position = text.startIndex
        while position < text.endIndex {
            if text[position] == first, text[position...].starts(with: pattern) {
                result += content
                position += pattern.count
            } else {
                result.append(text[position])
                position += 1
            }
        }
        return result[...]
    }
}
