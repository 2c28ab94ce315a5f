/// Forms and compounds of known words, for words that the lexicon lacks.
struct WordForms {
    /// The phonemes of a word in the lexicon.
    let lookUp: (String) -> [String]?

    private static let voiceless: Set<String> = ["P", "T", "K", "F", "TH", "S", "SH", "CH"]
    private static let sibilants: Set<String> = ["S", "Z", "SH", "ZH", "CH", "JH"]
    private static let suffixes: [(spelling: String, phonemes: [String])] = [
        ("lessness", ["L", "AH0", "S", "N", "AH0", "S"]), ("fulness", ["F", "AH0", "L", "N", "AH0", "S"]),
        ("ness", ["N", "AH0", "S"]), ("less", ["L", "AH0", "S"]), ("ment", ["M", "AH0", "N", "T"]),
        ("ments", ["M", "AH0", "N", "T", "S"]), ("ful", ["F", "AH0", "L"]), ("fully", ["F", "AH0", "L", "IY0"]),
        ("able", ["AH0", "B", "AH0", "L"]), ("ably", ["AH0", "B", "L", "IY0"]), ("ish", ["IH0", "SH"]),
        ("like", ["L", "AY2", "K"]), ("wise", ["W", "AY2", "Z"]), ("ship", ["SH", "IH0", "P"]), ("ly", ["L", "IY0"]),
        ("er", ["ER0"]), ("ers", ["ER0", "Z"]), ("or", ["ER0"]), ("est", ["AH0", "S", "T"]),
        ("ism", ["IH2", "Z", "AH0", "M"]),
        ("ist", ["IH0", "S", "T"]), ("ists", ["IH0", "S", "T", "S"]), ("y", ["IY0"]),
    ]
    private static let prefixes: [(spelling: String, phonemes: [String])] = [
        ("un", ["AH0", "N"]), ("non", ["N", "AA2", "N"]), ("re", ["R", "IY0"]), ("pre", ["P", "R", "IY0"]),
        ("over", ["OW2", "V", "ER0"]), ("under", ["AH2", "N", "D", "ER0"]), ("out", ["AW2", "T"]),
        ("mis", ["M", "IH0", "S"]),
        ("dis", ["D", "IH0", "S"]), ("anti", ["AE2", "N", "T", "IY0"]), ("super", ["S", "UW2", "P", "ER0"]),
        ("inter", ["IH2", "N", "T", "ER0"]), ("micro", ["M", "AY2", "K", "R", "OW0"]),
        ("multi", ["M", "AH2", "L", "T", "IY0"]),
        ("mini", ["M", "IH2", "N", "IY0"]), ("mega", ["M", "EH2", "G", "AH0"]), ("cyber", ["S", "AY2", "B", "ER0"]),
        ("hyper", ["HH", "AY2", "P", "ER0"]), ("ultra", ["AH2", "L", "T", "R", "AH0"]),
        ("semi", ["S", "EH2", "M", "IY0"]),
        ("counter", ["K", "AW2", "N", "T", "ER0"]), ("auto", ["AO2", "T", "OW0"]), ("bio", ["B", "AY2", "OW0"]),
        ("co", ["K", "OW0"]), ("sub", ["S", "AH0", "B"]), ("trans", ["T", "R", "AE0", "N", "Z"]),
    ]

    /// With the -s of a plural, a possessive or the third person.
    static func plural(of phonemes: [String]) -> [String] {
        guard let last = phonemes.last else { return [] }
        if sibilants.contains(last) { return phonemes + ["IH0", "Z"] }
        return phonemes + [voiceless.contains(last) ? "S" : "Z"]
    }

    /// With the -ed of the past.
    static func past(of phonemes: [String]) -> [String] {
        guard let last = phonemes.last else { return [] }
        if last == "T" || last == "D" { return phonemes + ["IH0", "D"] }
        return phonemes + [voiceless.contains(last) ? "T" : "D"]
    }

    /// The phonemes of a word that is a form of known ones.
    func phonemes(of word: String) -> [String]? {
        guard word.utf8.count <= 40 else { return nil }
        return contraction(word) ?? inflection(word) ?? derivation(word) ?? compound(word)
    }

    private func contraction(_ word: String) -> [String]? {
        guard let mark = word.lastIndex(of: "'") else { return nil }
        let stem = String(word[..<mark])
        guard let base = stem.contains("'") ? phonemes(of: stem) : known(stem) else { return nil }
        switch word[mark...] {
        case "'s": return Self.plural(of: base)
        case "'": return base
        case "'ll": return base + ["AH0", "L"]
        case "'re": return base + ["ER0"]
        case "'ve": return base + ["AH0", "V"]
        case "'d": return base + (["T", "D"].contains(base.last) ? ["AH0", "D"] : ["D"])
        case "'t": return base + ["AH0", "N", "T"]
        default: return nil
        }
    }

    private func known(_ word: String) -> [String]? { lookUp(word) ?? inflection(word) ?? derivation(word) }

    private func inflection(_ word: String) -> [String]? {
        if word.hasSuffix("ies"), let base = lookUp(word.dropLast(3) + "y") { return base + ["Z"] }
        if word.hasSuffix("s"), !word.hasSuffix("ss") {
            let isSyllable = ["ses", "xes", "zes", "ches", "shes"].contains { word.hasSuffix($0) }
            if let base = lookUp(String(word.dropLast())) ?? (isSyllable ? lookUp(String(word.dropLast(2))) : nil) {
                return Self.plural(of: base)
            }
        }
        if word.hasSuffix("ied"), let base = lookUp(word.dropLast(3) + "y") { return base + ["D"] }
        if word.hasSuffix("ed"), let base = stem(word.dropLast(2)) { return Self.past(of: base) }
        if word.hasSuffix("ing"), let base = stem(word.dropLast(3)) { return base + ["IH0", "NG"] }
        if word.hasSuffix("in'"), let base = stem(word.dropLast(3)) { return base + ["IH0", "N"] }
        return nil
    }

    /// "walk", "bake" for "bak", "stop" for "stopp".
    private func stem(_ letters: Substring) -> [String]? {
        guard letters.count >= 3 else { return nil }
        if letters.suffix(2).first == letters.last, let last = letters.last, !"aeiouy".contains(last) {
            return lookUp(String(letters)) ?? lookUp(String(letters.dropLast()))
        }
        return lookUp(letters + "e") ?? lookUp(String(letters))
    }

    private func derivation(_ word: String) -> [String]? {
        for (spelling, phonemes) in Self.suffixes where word.hasSuffix(spelling) && word.count >= spelling.count + 3 {
            let base = word.dropLast(spelling.count)
            let startsWithVowel = "aeiouy".contains(spelling.first ?? "b")
            let found = startsWithVowel ? stem(base) : lookUp(String(base))
            if let found { return found + phonemes }
            if base.hasSuffix("i"), let found = lookUp(base.dropLast() + "y") { return found + phonemes }
        }
        for (spelling, phonemes) in Self.prefixes where word.hasPrefix(spelling) && word.count >= spelling.count + 4 {
            let base = String(word.dropFirst(spelling.count))
            if let found = lookUp(base) ?? inflection(base) { return phonemes + found }
        }
        return nil
    }

    /// Two known words; the second keeps only a secondary stress.
    private func compound(_ word: String) -> [String]? {
        let letters = Array(word)
        guard letters.count >= 9, letters.count <= 24, letters.allSatisfy(\.isLetter) else { return nil }
        // At least four letters and five, even halves first: shorter pieces are more often accidents than words.
        let cuts = (4...(letters.count - 4)).sorted { abs($0 * 2 - letters.count) < abs($1 * 2 - letters.count) }
        for cut in cuts {
            guard let head = lookUp(String(letters[..<cut])) else { continue }
            let rest = String(letters[cut...])
            guard let tail = lookUp(rest) ?? inflection(rest) else { continue }
            return head + tail.map { $0.hasSuffix("1") ? $0.dropLast() + "2" : $0 }
        }
        return nil
    }
}
