/// A number at the start of a core: sign, digits with commas, decimals, and what follows.
struct WrittenNumber {
    let isNegative: Bool
    /// The digits as written, with commas and a decimal point.
    let text: String
    let rest: String

    init?(_ core: some StringProtocol) {
        var characters = Substring(core)
        var isNegative = false
        if let sign = characters.first, sign == "-" || sign == "–" || sign == "+" {
            isNegative = sign != "+"
            characters.removeFirst()
        }
        var text = ""
        func digits() -> String {
            let run = characters.prefix { $0.isASCII && $0.isNumber }
            characters = characters.dropFirst(run.count)
            return String(run)
        }
        text = digits()
        if (1...3).contains(text.count) {
            while characters.first == "," {
                let group = characters.dropFirst().prefix { $0.isASCII && $0.isNumber }
                guard group.count == 3 else { break }
                text += "," + group
                characters = characters.dropFirst(4)
            }
        }
        if characters.first == ".", let next = characters.dropFirst().first, next.isASCII, next.isNumber {
            characters.removeFirst()
            text += "." + digits()
            // Two points make a version, a date or an address.
            if characters.first == ".", characters.dropFirst().first?.isNumber ?? false { return nil }
        }
        guard !text.isEmpty else { return nil }
        self.isNegative = isNegative
        self.text = text
        rest = String(characters)
    }

    var isWhole: Bool { text.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    var looksLikeYear: Bool { isWhole && text.count == 4 && ("1100"..."2099").contains(text) }

    /// The number in words.
    var words: String { (isNegative ? "minus " : "") + NumberWords.number(text) }

    /// The number in words, as a year where it may be one.
    var wordsOrYear: String { looksLikeYear && !isNegative ? NumberWords.year(text) : words }
}
