/// Amounts of money and phone numbers.
extension EnglishNormalizer {
    func money(at index: Int, in passage: Passage) -> Reading? {
        guard let chunk = passage[index] else { return nil }
        var core = Substring(chunk.core)
        var words = ""
        if let sign = core.first, sign == "-" || sign == "~" || sign == "+" {
            words = ["-": "minus ", "~": "about ", "+": "plus "][sign] ?? ""
            core.removeFirst()
        }
        let prefix = core.prefix { $0.isLetter }
        core = core.dropFirst(prefix.count)
        let country = Units.currencyPrefixes[String(prefix)]
        guard let symbol = core.first, let currency = Units.currencies[symbol],
            prefix.isEmpty || country != nil && symbol == "$", let number = WrittenNumber(core.dropFirst()),
            !number.isNegative
        else { return nil }
        words += ""
        let nationality = country ?? ""
        if let amount = amount(number, currency: currency, nationality: nationality) {
            // "$5 million" says the currency last.
            if number.rest.isEmpty, let next = passage.following(index), Units.magnitudeWords.contains(next.lower) {
                let many = nationality + currency.major.many
                return Reading(words: "\(words)\(number.words) \(next.lower) \(many)", consumed: 2)
            }
            return Reading(words: words + amount)
        }
        return range(number, symbol: symbol, currency: currency).map { Reading(words: words + $0) }
    }

    private func amount(_ number: WrittenNumber, currency: Units.Currency, nationality: String) -> String? {
        let (major, minor) = (currency.major, currency.minor)
        if let magnitude = Units.magnitudes[number.rest] {
            return "\(number.words) \(magnitude) \(nationality)\(major.many)"
        }
        guard number.rest.isEmpty || number.rest == "+" else { return nil }
        let plus = number.rest == "+" ? " plus" : ""
        let parts = number.text.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let minor, parts[1].count <= 2, number.text.first != "." else {
            return "\(number.words) \(nationality)\(number.text == "1" ? major.one : major.many)" + plus
        }
        let whole = String(parts[0].filter(\.isNumber))
        let cents = String(parts[1]).padding(to: 2).drop { $0 == "0" }
        let wholeWords = "\(NumberWords.number(whole)) \(nationality)\(whole == "1" ? major.one : major.many)"
        if cents.isEmpty { return wholeWords + plus }
        let centWords = "\(NumberWords.cardinal(cents)) \(minor.of(String(cents)))"
        return (whole.allSatisfy { $0 == "0" } ? centWords : "\(wholeWords) and \(centWords)") + plus
    }

    /// "$5-$10", "$5-10", "$1.5-2 million"
    private func range(_ number: WrittenNumber, symbol: Character, currency: Units.Currency) -> String? {
        guard let dash = number.rest.first, dash == "-" || dash == "–" else { return nil }
        var rest = number.rest.dropFirst()
        if rest.first == symbol { rest.removeFirst() }
        guard let second = WrittenNumber(rest), !second.isNegative else { return nil }
        guard let last = amount(second, currency: currency, nationality: "") else { return nil }
        return "\(number.words) to \(last)"
    }

    /// "555-123-4567", "(555) 123-4567", "+1 555 123 4567", "555-1234", "1-800-555-0199"
    func phone(at index: Int, in passage: Passage) -> Reading? {
        guard let chunk = passage[index] else { return nil }
        if let words = phone(chunk.core) { return Reading(words: words) }
        // An area code in parentheses, or an international number in several chunks.
        if chunk.lead.hasSuffix("("), chunk.trail == ")", chunk.digits?.count == 3, let next = passage[index + 1],
            let words = phone(next.core)
        {
            return Reading(words: NumberWords.digits(chunk.core) + ", " + words, consumed: 2, dropsLead: true)
        }
        let isInternational = chunk.core.hasPrefix("+") && Chunk(core: String(chunk.core.dropFirst())).digits != nil
        let isLocal =
            chunk.digits?.count == 3 && passage.following(index)?.digits?.count == 3
            && passage.following(index + 1)?.digits?.count == 4
        guard isInternational || isLocal else { return nil }
        var groups = [chunk.core]
        var last = index
        while let next = passage.following(last), next.core.allSatisfy({ $0.isNumber || $0 == "-" }), groups.count < 8 {
            groups += next.core.split(separator: "-").map(String.init)
            last += 1
        }
        guard groups.count > 1 || groups[0].count > 8 else { return nil }
        let spoken = groups.map { NumberWords.digits($0) }.joined(separator: ", ")
        return Reading(words: (isInternational ? "plus " : "") + spoken, consumed: last - index + 1)
    }

    private func phone(_ core: String) -> String? {
        let groups = core.split(whereSeparator: { $0 == "-" || $0 == "." })
        guard groups.count > 1, core.allSatisfy({ $0.isASCII && $0.isNumber || $0 == "-" || $0 == "." }) else {
            return nil
        }
        let known = [[3, 3, 4], [1, 3, 3, 4], [3, 4]]
        guard known.contains(groups.map(\.count)), groups.count > 2 || core.contains("-") else { return nil }
        return groups.map { NumberWords.digits($0) }.joined(separator: ", ")
    }
}

extension String {
    /// Zeros at the end, up to a length.
    fileprivate func padding(to length: Int) -> String { self + String(repeating: "0", count: max(0, length - count)) }
}
