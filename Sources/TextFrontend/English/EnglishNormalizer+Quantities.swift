/// Numbers with what belongs to them: units, percent, ordinals, ranges, fractions, decades.
extension EnglishNormalizer {
    func quantity(at index: Int, in passage: Passage) -> Reading? {
        guard var core = passage[index]?.core, core.utf8.count <= 160 else { return nil }
        var prefix = ""
        if let first = core.first,
            let name = ["#": "number ", "~": "about ", "≈": "about ", "±": "plus or minus "][first]
        {
            prefix = name
            core.removeFirst()
        }
        if core.hasPrefix("'"), core.count == 4, core.hasSuffix("s"), let tens = Int(core.dropFirst().dropLast()) {
            return Reading(words: plural(NumberWords.cardinal(tens)))
        }
        // A stroke between spaces or after a letter is a dash; only right before a digit it is a sign.
        guard let number = WrittenNumber(core) else { return sequence(core) }
        guard var reading = reading(of: number, at: index, in: passage) else { return nil }
        reading.words = prefix + reading.words
        return reading
    }

    private func reading(of number: WrittenNumber, at index: Int, in passage: Passage) -> Reading? {
        let rest = number.rest
        if rest.isEmpty, number.text == "911" { return Reading(words: NumberWords.digits(number.text)) }
        if rest.isEmpty { return plain(number, at: index, in: passage) }
        if let unit = Units.names[rest] ?? Units.attachedOnly[rest],
            !(rest == "s" && number.isWhole && number.text.count != 1)
        {
            return Reading(words: number.words + " " + unit.of(number.text))
        }
        switch rest {
        case "st", "nd", "rd", "th": return number.isWhole ? Reading(words: NumberWords.ordinal(number.text)) : nil
        case "s", "'s": return Reading(words: plural(number.wordsOrYear))
        case "+": return Reading(words: number.words + " plus")
        case "x", "×": return Reading(words: number.words + " times")
        case "am", "pm", "AM", "PM":
            return Reading(words: number.words + " " + rest.uppercased().map(String.init).joined(separator: " "))
        default: break
        }
        if let magnitude = Units.magnitudes[rest], rest.count > 2 || "kKMBb".contains(rest) || rest == "bn" {
            return Reading(words: number.words + " " + magnitude)
        }
        return range(number) ?? fraction(number) ?? product(number)
    }

    /// A bare number and the unit, fraction or magnitude in the next chunk.
    private func plain(_ number: WrittenNumber, at index: Int, in passage: Passage) -> Reading? {
        guard let next = passage.following(index) else { return Reading(words: number.wordsOrYear) }
        if let unit = Units.names[next.core], !Units.neverApart.contains(next.core) || next.core == "m" {
            // "5 min." is an abbreviation; "5 min. The" also ends a sentence.
            let drops = next.hasPeriod && !passage.isSentenceEnd(index + 1)
            return Reading(words: number.words + " " + unit.of(number.text), consumed: 2, dropsPeriod: drops)
        }
        if next.core == "in", next.hasPeriod {
            let unit = number.text == "1" ? " inch" : " inches"
            return Reading(words: number.words + unit, consumed: 2, dropsPeriod: !passage.isSentenceEnd(index + 1))
        }
        if number.isWhole, let part = WrittenNumber(next.core), let words = fraction(part)?.words,
            part.rest.hasPrefix("/")
        {
            let joined = words.hasPrefix("one ") ? "a " + words.dropFirst(4) : words
            guard words.contains(" "), !words.contains("slash") else { return Reading(words: number.words) }
            return Reading(words: number.words + " and " + joined, consumed: 2)
        }
        return Reading(words: number.wordsOrYear)
    }

    /// "nineties", "sixes".
    private func plural(_ words: String) -> String {
        if words.hasSuffix("y") { return words.dropLast() + "ies" }
        return words + (words.hasSuffix("x") ? "es" : "s")
    }

    /// "5-10", "1990–95", "10%-15%", "5-10kg".
    private func range(_ number: WrittenNumber) -> Reading? {
        var rest = Substring(number.rest)
        var firstUnit = ""
        while let character = rest.first, character != "-", character != "–" {
            firstUnit.append(character)
            rest.removeFirst()
            if firstUnit.count > 3 { return nil }
        }
        guard rest.count > 1, let second = WrittenNumber(rest.dropFirst()), !second.isNegative,
            firstUnit.isEmpty || Units.names[firstUnit] != nil
        else { return nil }
        let isYears = number.looksLikeYear && second.isWhole && (second.text.count == 2 || second.looksLikeYear)
        var first = number.isNegative ? number.words : isYears ? NumberWords.year(number.text) : number.words
        if let unit = Units.names[firstUnit], firstUnit != second.rest { first += " " + unit.of(number.text) }
        var last = isYears ? second.wordsOrYear : second.words
        if let unit = Units.names[second.rest] ?? Units.attachedOnly[second.rest] {
            last += " " + unit.many
        } else if !second.rest.isEmpty {
            return nil
        }
        return Reading(words: first + " to " + last)
    }

    /// "1/2", "24/7", "9/11".
    private func fraction(_ number: WrittenNumber) -> Reading? {
        guard number.isWhole, number.rest.hasPrefix("/"), let second = WrittenNumber(number.rest.dropFirst()),
            second.isWhole, !second.isNegative, second.rest.isEmpty
        else { return nil }
        if ["24/7", "9/11", "50/50", "20/20"].contains("\(number.text)/\(second.text)") {
            return Reading(words: number.words + " " + second.words)
        }
        if let top = Int(number.text), let bottom = Int(second.text), !number.isNegative,
            let words = NumberWords.fraction(top, over: bottom)
        {
            return Reading(words: words)
        }
        return Reading(words: number.words + " over " + second.words)
    }

    /// "1920x1080", "3×4", "2+2=4".
    private func product(_ number: WrittenNumber) -> Reading? {
        let signs: [Character: String] = ["x": " by ", "×": " times ", "*": " times ", "+": " plus ", "=": " equals "]
        guard let sign = number.rest.first, let name = signs[sign] else { return nil }
        let remaining = number.rest.dropFirst()
        guard let second = WrittenNumber(remaining) else { return nil }
        if second.rest.isEmpty { return Reading(words: number.words + name + second.words) }
        return product(second).map { Reading(words: number.words + name + $0.words) }
    }

    /// "1.2.3", "192.168.0.1"
    private func sequence(_ core: String) -> Reading? {
        let parts = core.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }) else {
            return nil
        }
        let words = parts.map { $0.count > 2 ? NumberWords.digits($0) : NumberWords.number($0) }
        return Reading(words: words.joined(separator: parts.count == 4 ? " dot " : " point "))
    }
}
