/// Writes English text the way it is spoken: numbers, dates, money, units, abbreviations and symbols as words.
///
/// The result has only words (with apostrophes, and hyphens where the whole word is known), the punctuation
/// `, . ! ? ; : — … " ( )` and untouched phoneme spans. A dash stands like a comma: "yes— no". Letters that are read by name stand alone and in capitals ("N B C").
public struct EnglishNormalizer: Sendable {
    let isKnownWord: @Sendable (String) -> Bool

    /// `isKnownWord` helps to tell words in capitals from abbreviations; a lexicon's `contains` does well.
    public init(isKnownWord: @escaping @Sendable (String) -> Bool = { _ in false }) {
        self.isKnownWord = isKnownWord
    }

    /// `EnglishNormalizer().spellOut(text)`.
    public static func spellOut(_ text: String) -> String { EnglishNormalizer().spellOut(text) }

    /// Spells a text out.
    public func spellOut(_ text: String) -> String {
        let chunks = Chunker.chunks(of: Typography.plain(text))
        let capitals = chunks.filter { $0.core.count > 1 && $0.core.allSatisfy { !$0.isLowercase } && $0.startsUpper }
        let isShouting = capitals.count > 2 && !chunks.contains { !$0.isSpan && $0.core.contains(where: \.isLowercase) }
        let passage = Passage(chunks: chunks, isShouting: isShouting)
        var output = SpokenText()
        var index = 0
        while index < chunks.count {
            let chunk = chunks[index]
            if chunk.isSpan {
                output.append(lead: chunk.lead, words: chunk.core, trail: chunk.trail, isJoined: chunk.isJoined)
                index += 1
                continue
            }
            let reading = reading(at: index, in: passage)
            let last = chunks[index + reading.consumed - 1]
            var trail = last.trail
            if reading.dropsPeriod, trail.hasPrefix(".") { trail.removeFirst() }
            output.append(lead: reading.dropsLead ? "" : chunk.lead, words: reading.words, trail: trail)
            index += reading.consumed
        }
        return output.text
    }

    /// The first rule that applies; word by word otherwise.
    private func reading(at index: Int, in passage: Passage) -> Reading {
        let chunk = passage.chunks[index]
        if chunk.core.utf8.count <= 160 {
            let rules = [webAddress, money, phone, date, time, quantity, abbreviation, capitals]
            for rule in rules {
                if let reading = rule(index, passage) { return reading }
            }
        }
        return Reading(words: pieces(of: chunk.core, isShouting: passage.isShouting))
    }
}

/// The chunks of a text and what is true for all of them.
struct Passage {
    let chunks: [Chunk]
    let isShouting: Bool

    subscript(index: Int) -> Chunk? { chunks.indices.contains(index) ? chunks[index] : nil }

    /// The chunk after `index`, if no punctuation stands between.
    func following(_ index: Int) -> Chunk? {
        guard let chunk = self[index], chunk.trail.isEmpty, let next = self[index + 1], next.lead.isEmpty, !next.isSpan
        else { return nil }
        return next
    }

    /// Whether a sentence probably ends with this chunk's period.
    func isSentenceEnd(_ index: Int) -> Bool {
        guard let next = self[index + 1] else { return true }
        return next.startsUpper && Abbreviations.beginnings.contains(next.lower)
    }
}

/// What a rule makes of one or more chunks.
struct Reading {
    var words: String
    var consumed = 1
    /// The period belonged to the abbreviation.
    var dropsPeriod = false
    /// The opening punctuation belonged to what was read.
    var dropsLead = false
}

/// Joins words and punctuation as in normal text.
private struct SpokenText {
    private(set) var text = ""
    private var isAttached = true

    mutating func append(lead: String, words: String, trail: String, isJoined: Bool = false) {
        let lead = lead.filter { $0 == "\"" || $0 == "(" }
        let trail = Self.clean(trail)
        let words = words.split(separator: " ").joined(separator: " ")
        if words.isEmpty {
            // Nothing to say: keep a stop, but never two marks in a row.
            if let mark = trail.first, let last = text.last, last.isLetter || last == "}" { text.append(mark) }
            isAttached = false
            return
        }
        if !isAttached, !isJoined, !text.isEmpty { text += " " }
        text += lead + words + trail
        isAttached = false
    }

    /// The punctuation that is kept, without repetitions.
    private static func clean(_ trail: String) -> String {
        var result = ""
        var periods = 0
        for mark in trail.replacing("–", with: "—").replacing("]", with: ")") + " " {
            if mark == "." {
                periods += 1
                continue
            }
            if periods > 0, result.last != "…" { result += periods > 1 ? "…" : "." }
            periods = 0
            let isKept = ",!?;:…\")".contains(mark) || mark == "—"
            if isKept, result.last != mark { result.append(mark) }
        }
        return result
    }
}
