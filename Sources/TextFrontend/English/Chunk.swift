/// What stands between two spaces: a core with the punctuation around it.
struct Chunk: Sendable, Equatable {
    var lead = ""
    var core: String
    var trail = ""
    /// A phoneme span, which nobody may touch.
    var isSpan = false
    /// A span right after another one, as in "{ni3}{hao3}".
    var isJoined = false

    var lower: String { core.lowercased() }
    var hasPeriod: Bool { trail.hasPrefix(".") && !trail.hasPrefix("..") }
    var startsUpper: Bool { core.first?.isUppercase ?? false }

    /// The core as a whole number, if it is nothing else.
    var digits: String? { !core.isEmpty && core.utf8.allSatisfy { (0x30...0x39).contains($0) } ? core : nil }
}

/// Cuts plain text into chunks.
enum Chunker {
    private static let opening: Set<Character> = ["\"", "(", "'", "*", "_", "<", "|", "{", "}"]
    private static let closing: Set<Character> = [
        ".", ",", "!", "?", ";", ":", "…", "\"", ")", "'", "*", "_", ">", "|", "—", "–", "-", "{", "}",
    ]
    /// Words whose apostrophe stands first.
    static let clipped: Set<String> = ["'em", "'til", "'tis", "'twas", "'cause", "'bout", "'round", "'n"]
    /// Punctuation that ends a chunk even without a space after it.
    private static let dividing: Set<Character> = ["—", "…"]

    static func chunks(of text: String) -> [Chunk] {
        var chunks: [Chunk] = []
        var isAfterSpan = false
        for piece in PhonemeSpan.split(text) {
            switch piece {
            case .span(let span):
                let lead = takePendingLead(from: &chunks)
                chunks.append(Chunk(lead: lead, core: span, isSpan: true, isJoined: isAfterSpan))
                isAfterSpan = true
            case .text(let text):
                append(text, to: &chunks)
                isAfterSpan = false
            }
        }
        return chunks
    }

    private static func append(_ text: Substring, to chunks: inout [Chunk]) {
        var word: [Character] = []
        var isFirst = chunks.last?.isSpan ?? false
        func finish() {
            if !word.isEmpty { add(word, to: &chunks, attached: isFirst) }
            word = []
            isFirst = false
        }
        var newlines = 0
        var previous: Character = " "
        for character in text {
            if character.isWhitespace {
                finish()
                newlines += character.isNewline ? 1 : 0
                // An empty line ends a sentence.
                if newlines == 2, let last = chunks.last, last.trail.isEmpty { chunks[chunks.count - 1].trail = "." }
            } else {
                newlines = 0
                var character = character
                if character == "–", !previous.isNumber { character = "—" }
                let isDouble = character == "-" && previous == "-"
                if dividing.contains(previous) && !dividing.contains(character) && !closing.contains(character) {
                    finish()
                }
                if isDouble {
                    word.removeLast()
                    word.append("—")
                } else {
                    word.append(character)
                }
                previous = isDouble ? "—" : character
                continue
            }
            previous = character
        }
        finish()
    }

    /// Adds a word; punctuation right after a span or a divider belongs to what stands before it.
    private static func add(_ word: [Character], to chunks: inout [Chunk], attached: Bool) {
        var start = 0
        var end = word.count
        // A sign between two spaces is read out; around a word it is markup.
        if word != ["<"] && word != [">"] {
            while start < end, opening.contains(word[start]), !isClipped(word[start..<end]) { start += 1 }
            while end > start, closing.contains(word[end - 1]) { end -= 1 }
        }
        let core = String(word[start..<end])
        var lead = String(word[..<start])
        let trail = String(word[end...])
        if core.isEmpty {
            let isOpening = (lead + trail).allSatisfy { $0 == "(" || $0 == "\"" }
            if isOpening && !attached {
                chunks.append(Chunk(lead: lead + trail, core: ""))
            } else if !chunks.isEmpty {
                chunks[chunks.count - 1].trail += lead + trail
            }
            return
        }
        lead = takePendingLead(from: &chunks) + lead
        chunks.append(Chunk(lead: lead, core: core, trail: trail))
    }

    private static func isClipped(_ word: ArraySlice<Character>) -> Bool {
        guard word.first == "'", word.count <= 12 else { return false }
        let letters = word.dropFirst().prefix(while: \.isLetter)
        return clipped.contains("'" + String(letters).lowercased())
    }

    /// Opening punctuation that stood alone belongs to what comes next.
    private static func takePendingLead(from chunks: inout [Chunk]) -> String {
        guard let last = chunks.last, last.core.isEmpty, last.trail.isEmpty else { return "" }
        chunks.removeLast()
        return last.lead
    }
}
