/// Abbreviations, acronyms and everything that has no rule of its own.
extension EnglishNormalizer {
    func abbreviation(at index: Int, in passage: Passage) -> Reading? {
        guard let chunk = passage[index], !chunk.core.isEmpty else { return nil }
        let word = chunk.lower
        let next = passage[index + 1]
        if word == "st", chunk.startsUpper { return saintOrStreet(at: index, in: passage) }
        if let title = Abbreviations.titles[word], chunk.startsUpper,
            chunk.hasPeriod || Abbreviations.titlesWithoutPeriod.contains(word),
            next?.startsUpper ?? false || next?.lower == "and"
        {
            return Reading(words: title, dropsPeriod: true)
        }
        if word == "dr", chunk.startsUpper {
            return Reading(words: "Drive", dropsPeriod: !passage.isSentenceEnd(index))
        }
        if let name = Abbreviations.beforeNumbers[word], chunk.hasPeriod, next?.core.first?.isNumber ?? false {
            return Reading(words: name, dropsPeriod: true)
        }
        if chunk.hasPeriod, chunk.startsUpper {
            if let day = Abbreviations.days[word],
                word.count > 3 || ![".", "sun", "sat", "mon", "wed"].contains(word) || next != nil
            {
                if !passage.isSentenceEnd(index) { return Reading(words: day, dropsPeriod: true) }
            }
            if let month = Abbreviations.month(word), word.count <= 4, word != "may", !passage.isSentenceEnd(index) {
                return Reading(words: Abbreviations.months[month - 1].name, dropsPeriod: true)
            }
        }
        if let words = Abbreviations.others[word] {
            let needsPeriod = Abbreviations.onlyWithPeriod.contains(word)
            if chunk.hasPeriod ? !(needsPeriod && passage[index + 1] == nil && !chunk.startsUpper) : !needsPeriod {
                return Reading(words: words, dropsPeriod: chunk.hasPeriod && !passage.isSentenceEnd(index))
            }
        }
        return initials(at: index, in: passage)
    }

    /// "St. John" or "Main St."
    private func saintOrStreet(at index: Int, in passage: Passage) -> Reading {
        let nextIsName = passage[index + 1].map { $0.startsUpper && !passage.isSentenceEnd(index) } ?? false
        let afterName = passage[index - 1].map {
            $0.startsUpper && $0.trail.isEmpty || $0.core.first?.isNumber ?? false
        }
        if afterName ?? false, !nextIsName || passage[index - 1]?.core.first?.isNumber ?? false {
            return Reading(words: "Street", dropsPeriod: !passage.isSentenceEnd(index))
        }
        return nextIsName
            ? Reading(words: "Saint", dropsPeriod: true)
            : Reading(words: "Street", dropsPeriod: !passage.isSentenceEnd(index))
    }

    /// "U.S.", "J. K. Rowling", "a.m."
    private func initials(at index: Int, in passage: Passage) -> Reading? {
        guard let chunk = passage[index], chunk.hasPeriod || chunk.core.contains(".") else { return nil }
        let letters = chunk.core.split(separator: ".", omittingEmptySubsequences: false)
        let isInitials = letters.allSatisfy { $0.count == 1 && ($0.first?.isLetter ?? false) && $0.utf8.count == 1 }
        let possessive = chunk.core.hasSuffix(".'s")
        guard isInitials || possessive, letters.count > 1 || chunk.startsUpper && chunk.core != "I" else { return nil }
        if letters.count == 1, passage.isSentenceEnd(index) { return nil }
        let names = letters.map { $0 == "'s" ? "'s" : $0.uppercased() }.joined(separator: " ")
        return Reading(
            words: names.replacing(" 's", with: "'s"), dropsPeriod: !passage.isSentenceEnd(index))
    }

    func capitals(at index: Int, in passage: Passage) -> Reading? {
        guard let chunk = passage[index], chunk.startsUpper || chunk.core.first?.isLetter ?? false else { return nil }
        let previous = passage[index - 1].flatMap { $0.trail.isEmpty ? $0.core : nil }
        if let words = RomanNumerals.words(chunk.core, after: previous) { return Reading(words: words) }
        let reading = Acronyms.reading(of: chunk.core, isShouting: passage.isShouting, isKnownWord: isKnownWord)
        return reading.map { Reading(words: $0) }
    }

    /// Reads a core part by part: words, numbers, symbols.
    func pieces(of core: String, isShouting: Bool) -> String {
        if Chunker.clipped.contains(core.lowercased()) { return core }
        if core.contains("-"), core.allSatisfy({ $0.isLetter || $0 == "-" }), isKnownWord(core) { return core }
        if core.utf8.count <= 160, core.contains("-"), !core.hasPrefix("-") {
            return core.split(separator: "-").map { part(String($0), isShouting: isShouting) }.joined(separator: " ")
        }
        return part(core, isShouting: isShouting)
    }

    private func part(_ part: String, isShouting: Bool) -> String {
        if part.utf8.count <= 160 {
            let alone = Passage(chunks: [Chunk(core: part)], isShouting: isShouting)
            for rule in [quantity, capitals] {
                if let reading = rule(0, alone) { return reading.words }
            }
        }
        var words: [String] = []
        var runs = TextRuns(part)
        while let run = runs.next() {
            switch run {
            case .letters(let letters):
                let reading = Acronyms.reading(of: letters, isShouting: isShouting, isKnownWord: isKnownWord)
                words.append(reading ?? letters)
            case .digits(let digits): words.append(NumberWords.number(digits))
            case .symbol(let symbol):
                let atStart = words.isEmpty
                words.append(Symbols.words(symbol, atStart: atStart, nextIsDigit: runs.nextIsDigit))
            }
        }
        return words.joined(separator: " ")
    }
}

/// Runs of letters (with apostrophes), digits, and single symbols.
private struct TextRuns {
    enum Run {
        case letters(String)
        case digits(String)
        case symbol(Character)
    }

    private let characters: [Character]
    private var position = 0

    init(_ text: String) { characters = Array(text) }

    var nextIsDigit: Bool { position < characters.count && characters[position].isNumber }

    mutating func next() -> Run? {
        guard position < characters.count else { return nil }
        let start = position
        let first = characters[position]
        position += 1
        if first.isLetter {
            extend { $0.isLetter || $0 == "'" }
            return .letters(String(characters[start..<position]))
        }
        if first.isNumber {
            extend(while: \.isNumber)
            return .digits(String(characters[start..<position]))
        }
        return .symbol(first)
    }

    private mutating func extend(while belongs: (Character) -> Bool) {
        while position < characters.count, belongs(characters[position]) { position += 1 }
    }
}

/// How symbols are read.
enum Symbols {
    private static let names: [Character: String] = [
        "&": "and", "@": "at", "%": "percent", "+": "plus", "=": "equals", "°": "degrees", "×": "times",
        "÷": "divided by", "±": "plus or minus", "≈": "about", "≤": "at most", "≥": "at least", "≠": "is not",
        "<": "less than", ">": "greater than", "§": "section", "©": "copyright", "√": "the square root of",
        "π": "pi", "μ": "micro", "Ω": "ohm", "¢": "cents", "$": "dollars", "€": "euros", "£": "pounds", "¥": "yen",
        "₹": "rupees", "₩": "won", "₽": "rubles", "₿": "bitcoin",
    ]

    static func words(_ symbol: Character, atStart: Bool, nextIsDigit: Bool) -> String {
        switch symbol {
        case "#": return nextIsDigit ? "number" : "hashtag"
        case "~": return nextIsDigit ? "about" : ""
        case ".": return nextIsDigit && !atStart ? "point" : ""
        case "/": return atStart ? "" : "slash"
        case "^": return nextIsDigit ? "to the power of" : ""
        default: return names[symbol] ?? ""
        }
    }
}
