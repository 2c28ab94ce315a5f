/// English words for numbers given as digits, of any size.
enum NumberWords {
    private static let small = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ]
    private static let tens = [
        "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ]
    private static let scales = [
        "", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion", "sextillion", "septillion",
        "octillion", "nonillion", "decillion",
    ]
    private static let irregularOrdinals = [
        "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
        "twelve": "twelfth",
    ]

    /// "one hundred twenty three"; beyond decillions, digit by digit.
    static func cardinal(_ digits: some StringProtocol) -> String {
        let digits = String(digits.drop { $0 == "0" })
        if digits.isEmpty { return "zero" }
        guard digits.count <= scales.count * 3 else { return self.digits(digits) }
        var groups: [Int] = []
        var rest = Substring(digits)
        while !rest.isEmpty {
            groups.append(Int(rest.suffix(3)) ?? 0)
            rest = rest.dropLast(3)
        }
        var words: [String] = []
        for (scale, group) in groups.enumerated().reversed() where group > 0 {
            words.append(hundreds(group))
            if scale > 0 { words.append(scales[scale]) }
        }
        return words.joined(separator: " ")
    }

    static func cardinal(_ number: Int) -> String { cardinal(String(number)) }

    private static func hundreds(_ number: Int) -> String {
        var words: [String] = []
        if number >= 100 { words += [small[number / 100], "hundred"] }
        let rest = number % 100
        if rest >= 20 {
            words.append(tens[rest / 10])
            if rest % 10 > 0 { words.append(small[rest % 10]) }
        } else if rest > 0 {
            words.append(small[rest])
        }
        return words.joined(separator: " ")
    }

    /// "twenty first".
    static func ordinal(_ digits: some StringProtocol) -> String {
        var words = cardinal(digits).split(separator: " ").map(String.init)
        guard let last = words.popLast() else { return "" }
        if let irregular = irregularOrdinals[last] {
            words.append(irregular)
        } else if last.hasSuffix("y") {
            words.append(last.dropLast() + "ieth")
        } else {
            words.append(last + (last.hasSuffix("t") ? "h" : "th"))
        }
        return words.joined(separator: " ")
    }

    /// "nineteen eighty four", "two thousand five", "twenty twenty four", "nineteen oh five".
    static func year(_ digits: some StringProtocol) -> String {
        guard digits.count == 4, let year = Int(digits), year >= 1000 else { return cardinal(digits) }
        let (century, rest) = (year / 100, year % 100)
        if century % 10 == 0, rest < 10 { return cardinal(digits) }
        switch rest {
        case 0: return cardinal(century) + " hundred"
        case 1..<10: return cardinal(century) + " oh " + small[rest]
        default: return cardinal(century) + " " + cardinal(rest)
        }
    }

    /// Digit by digit.
    static func digits(_ digits: some StringProtocol) -> String {
        digits.compactMap { $0.wholeNumberValue.map { small[$0 % 10] } }.joined(separator: " ")
    }

    /// A number as written, with commas or a decimal point: "three point one four".
    static func number(_ text: some StringProtocol) -> String {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let whole = String(parts[0].filter(\.isNumber))
        let fraction = parts.count > 1 ? String(parts[1].filter(\.isNumber)) : ""
        if fraction.isEmpty { return integer(whole) }
        return (whole.isEmpty ? "" : cardinal(whole) + " ") + "point " + digits(fraction)
    }

    /// Codes with leading zeros and very long numbers are read digit by digit.
    private static func integer(_ digits: String) -> String {
        let isCode = digits.count > 1 && digits.hasPrefix("0") || digits.count > 15
        return isCode ? self.digits(digits) : cardinal(digits)
    }

    /// "one half", "three quarters", "two thirds"; nil for what is no everyday fraction.
    static func fraction(_ numerator: Int, over denominator: Int) -> String? {
        guard (1...100).contains(denominator), denominator > 1, numerator > 0, numerator < denominator else {
            return nil
        }
        let name =
            switch denominator {
            case 2: numerator == 1 ? "half" : "halves"
            case 4: numerator == 1 ? "quarter" : "quarters"
            default: ordinal(String(denominator)) + (numerator == 1 ? "" : "s")
            }
        return cardinal(numerator) + " " + name
    }
}
