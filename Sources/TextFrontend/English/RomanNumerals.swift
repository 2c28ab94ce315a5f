/// Roman numerals, and when to read capital letters as one.
enum RomanNumerals {
    private static let values: [(String, Int)] = [
        ("M", 1000), ("CM", 900), ("D", 500), ("CD", 400), ("C", 100), ("XC", 90), ("L", 50), ("XL", 40), ("X", 10),
        ("IX", 9), ("V", 5), ("IV", 4), ("I", 1),
    ]
    /// Rulers: "Louis XIV" is "Louis the fourteenth".
    private static let rulers: Set<String> = [
        "louis", "henry", "elizabeth", "george", "charles", "james", "edward", "william", "richard", "napoleon",
        "nicholas", "alexander", "catherine", "paul", "benedict", "pius", "philip", "frederick", "mary", "leo",
        "gregory", "clement", "innocent", "urban", "ivan", "peter", "ferdinand", "francis", "leopold", "wilhelm",
        "victoria", "robert", "john", "stephen", "otto", "alfonso", "carl", "gustav", "ramses", "ptolemy", "xerxes",
        "darius", "margaret", "cleopatra", "constantine", "justinian", "theodosius", "boniface", "haakon", "harald",
    ]
    /// What is numbered: "Chapter IV" is "Chapter four".
    private static let numbered: Set<String> = [
        "war", "chapter", "part", "volume", "act", "scene", "section", "article", "type", "phase", "stage", "class",
        "level", "title", "book", "appendix", "mark", "bowl", "grade", "unit", "episode", "fantasy", "version",
        "figure", "table", "category", "division", "group", "model", "series", "step", "rocky", "page", "no", "number",
    ]

    /// The value of a well-formed numeral below 4000.
    static func value(_ text: String) -> Int? {
        var rest = Substring(text)
        var total = 0
        for (letters, value) in values {
            while rest.hasPrefix(letters) {
                rest = rest.dropFirst(letters.count)
                total += value
            }
        }
        guard rest.isEmpty, total > 0, total < 4000, numeral(total) == text else { return nil }
        return total
    }

    private static func numeral(_ number: Int) -> String {
        var rest = number
        var text = ""
        for (letters, value) in values {
            while rest >= value {
                text += letters
                rest -= value
            }
        }
        return text
    }

    /// The words for a numeral after a word; nil where it is more likely letters or a word.
    static func words(_ text: String, after previous: String?) -> String? {
        guard text.count <= 9, let value = value(text), let previous, let first = previous.first else { return nil }
        let name = previous.lowercased()
        if numbered.contains(name) { return NumberWords.cardinal(value) }
        if first.isUppercase, rulers.contains(name) { return "the " + NumberWords.ordinal(String(value)) }
        let looksLikeWord = [
            "I", "V", "X", "C", "D", "L", "M", "CD", "DC", "MC", "MD", "MM", "DI", "MI", "LI", "CC", "CV",
            "MIX", "CIVIL", "DIM", "MID", "LIV", "DIV", "MCI", "CIV", "DL", "CL", "CI", "DVD", "ML",
        ]
        guard first.isUppercase, previous.contains(where: \.isLowercase), value <= 39, !looksLikeWord.contains(text)
        else { return nil }
        return NumberWords.cardinal(value)
    }
}
