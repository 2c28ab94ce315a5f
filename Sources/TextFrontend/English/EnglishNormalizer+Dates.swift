/// Dates and times of day.
extension EnglishNormalizer {
    func date(at index: Int, in passage: Passage) -> Reading? {
        guard let chunk = passage[index] else { return nil }
        if let words = numericDate(chunk.core) { return Reading(words: words) }
        if let reading = monthAndDay(at: index, in: passage) { return reading }
        // "5 May": the day first.
        guard let day = dayOfMonth(chunk.core), let next = passage.following(index), next.startsUpper,
            let month = Abbreviations.month(next.lower), next.core.count > 3 || next.hasPeriod || month == 5
        else { return nil }
        let article = passage[index - 1]?.lower == "the" ? "" : "the "
        let name = Abbreviations.months[month - 1].name
        let isShort = next.lower != name.lowercased()
        return Reading(
            words: "\(article)\(NumberWords.ordinal(day)) of \(name)", consumed: 2,
            dropsPeriod: isShort && next.hasPeriod && !passage.isSentenceEnd(index + 1))
    }

    /// "May 5", "Jan. 5th"; a year follows by itself.
    private func monthAndDay(at index: Int, in passage: Passage) -> Reading? {
        guard let chunk = passage[index], chunk.startsUpper, let month = Abbreviations.month(chunk.lower),
            chunk.trail.isEmpty || chunk.trail == ".", let next = passage[index + 1], next.lead.isEmpty,
            let day = dayOfMonth(next.core)
        else { return nil }
        return Reading(words: Abbreviations.months[month - 1].name + " " + NumberWords.ordinal(day), consumed: 2)
    }

    /// A day from 1 to 31, with or without its ending.
    private func dayOfMonth(_ core: String) -> String? {
        let digits = core.prefix { $0.isASCII && $0.isNumber }
        guard let day = Int(digits), (1...31).contains(day), digits.count <= 2,
            ["", "st", "nd", "rd", "th"].contains(core.dropFirst(digits.count))
        else { return nil }
        return String(digits)
    }

    /// "5/4/2024" (month first unless it cannot be), "2024-05-04", "4.5.2024" (day first).
    private func numericDate(_ core: String) -> String? {
        for separator in ["/", "-", "."] {
            let parts = core.split(separator: Character(separator), omittingEmptySubsequences: false)
            let isDigits = parts.allSatisfy {
                !$0.isEmpty && $0.count <= 4 && $0.allSatisfy { $0.isASCII && $0.isNumber }
            }
            guard parts.count == 3, isDigits else { continue }
            let numbers = parts.compactMap { Int($0) }
            if parts[0].count == 4, parts[1].count <= 2, parts[2].count <= 2 {
                return spoken(year: String(parts[0]), month: numbers[1], day: numbers[2])
            }
            guard parts[0].count <= 2, parts[1].count <= 2,
                parts[2].count == 4 || parts[2].count == 2 && separator == "/"
            else { continue }
            let dayFirst = separator == "." || numbers[0] > 12
            let year = parts[2].count == 4 ? String(parts[2]) : (numbers[2] < 50 ? "20" : "19") + parts[2]
            return spoken(year: year, month: numbers[dayFirst ? 1 : 0], day: numbers[dayFirst ? 0 : 1])
        }
        return nil
    }

    private func spoken(year: String, month: Int, day: Int) -> String? {
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        return Abbreviations.months[month - 1].name + " " + NumberWords.ordinal(String(day)) + ", "
            + NumberWords.year(year)
    }

    // MARK: Times

    /// "10:30", "10:30pm", "10:30 p.m.", "5 p.m.", "14:05:09"
    func time(at index: Int, in passage: Passage) -> Reading? {
        guard let chunk = passage[index] else { return nil }
        var core = chunk.core.lowercased()
        var half = ""
        for (suffix, name) in [("a.m", " A M"), ("p.m", " P M"), ("am", " A M"), ("pm", " P M")]
        where core.hasSuffix(suffix) && core.first?.isNumber ?? false {
            core.removeLast(suffix.count)
            half = name
            break
        }
        var reading = Reading(words: "", dropsPeriod: !half.isEmpty && !passage.isSentenceEnd(index))
        if half.isEmpty, let next = passage.following(index),
            let name = ["am": " A M", "pm": " P M", "a.m": " A M", "p.m": " P M"][next.lower],
            next.lower.contains(".") || next.core == "AM" || next.core == "PM" || next.lower == "pm"
                || core.contains(":")
        {
            half = name
            reading.consumed = 2
            reading.dropsPeriod = next.hasPeriod && next.lower.contains(".") && !passage.isSentenceEnd(index + 1)
        }
        guard let clock = clock(core, hasHalf: !half.isEmpty) else { return nil }
        reading.words = clock + half
        return reading
    }

    private func clock(_ core: String, hasHalf: Bool) -> String? {
        let parts = core.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ (1...2).contains($0.count) && $0.allSatisfy { $0.isASCII && $0.isNumber } }) else {
            return nil
        }
        let numbers = parts.compactMap { Int($0) }
        if parts.count == 1 { return hasHalf && numbers[0] <= 24 ? NumberWords.cardinal(numbers[0]) : nil }
        guard (2...3).contains(parts.count), parts[1].count == 2, numbers[1] < 60, numbers[0] <= 24 else {
            guard parts.count == 2 else { return nil }
            return NumberWords.number(parts[0]) + " to " + NumberWords.number(parts[1])
        }
        let hour = NumberWords.cardinal(numbers[0])
        var words = hour
        switch numbers[1] {
        case 0:
            words +=
                hasHalf || parts.count == 3 ? "" : numbers[0] <= 12 && numbers[0] > 0 ? " o'clock" : " hundred hours"
        case 1..<10: words += " oh " + NumberWords.cardinal(numbers[1])
        default: words += " " + NumberWords.cardinal(numbers[1])
        }
        guard parts.count == 3 else { return words }
        guard numbers[2] < 60, parts[2].count == 2 else { return nil }
        return words + " and " + NumberWords.cardinal(numbers[2]) + (numbers[2] == 1 ? " second" : " seconds")
    }
}
