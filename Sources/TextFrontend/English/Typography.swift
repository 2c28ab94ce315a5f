import Foundation

/// Brings the many ways to type the same thing down to plain characters, and drops what cannot be read out.
enum Typography {
    private static let replacements: [Unicode.Scalar: String] = [
        "\u{2018}": "'", "\u{2019}": "'", "\u{201B}": "'", "\u{2032}": "'", "\u{02BC}": "'", "`": "'", "\u{B4}": "'",
        "\u{201C}": "\"", "\u{201D}": "\"", "\u{201E}": "\"", "\u{AB}": "\"", "\u{BB}": "\"", "\u{2033}": "\"",
        "\u{2010}": "-", "\u{2011}": "-", "\u{2012}": "-", "\u{2212}": "-", "\u{2013}": "–", "\u{2015}": "—",
        "\u{2026}": "…", "\u{2022}": " ", "\u{B7}": " ", "\u{2192}": " to ", "\u{D7}": "×", "\u{2044}": "/",
        "½": " 1/2", "⅓": " 1/3", "⅔": " 2/3", "¼": " 1/4", "¾": " 3/4", "⅛": " 1/8", "⅜": " 3/8", "⅝": " 5/8",
        "⅞": " 7/8", "²": "^2", "³": "^3", "µ": "μ", "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o",
        "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "ð": "d", "þ": "th", "ﬁ": "fi", "ﬂ": "fl", "。": ".", "，": ",",
        "！": "!", "？": "?", "：": ":", "；": ";", "、": ",", "（": "(", "）": ")", "[": "(", "]": ")", "№": "No. ",
    ]
    /// Characters beyond ASCII that have a reading of their own.
    private static let kept: Set<Unicode.Scalar> = [
        "–", "—", "…", "€", "£", "¥", "₹", "₩", "₽", "₿", "¢", "°", "±", "×", "÷", "§", "©", "≈", "≤", "≥", "≠", "√",
        "π",
        "μ", "Ω",
    ]

    static func plain(_ text: String) -> String {
        var result = ""
        let dotted = text.precomposedStringWithCanonicalMapping.replacing("...", with: "…")
        for scalar in dotted.unicodeScalars {
            if scalar.isASCII {
                // Control characters separate words, as spaces do.
                if let replacement = replacements[scalar] {
                    result += replacement
                } else {
                    result.unicodeScalars.append(
                        scalar.value < 0x20 && scalar != "\n" || scalar.value == 0x7F ? " " : scalar)
                }
            } else if let replacement = replacements[scalar] {
                result += replacement
            } else if kept.contains(scalar) {
                result.unicodeScalars.append(scalar)
            } else if (0xFF01...0xFF5E).contains(scalar.value), let ascii = Unicode.Scalar(scalar.value - 0xFEE0) {
                result.unicodeScalars.append(ascii)
            } else if scalar.properties.isWhitespace {
                result += " "
            } else {
                result += latin(scalar)
            }
        }
        return result
    }

    /// A Latin letter without its marks; nothing for a combining mark or an invisible character, a space for letters
    /// of other scripts and for pictures.
    private static func latin(_ scalar: Unicode.Scalar) -> String {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark, .format, .control, .surrogate: return ""
        default: break
        }
        let base = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars.first
        guard let base, base.isASCII, base.properties.isAlphabetic else { return " " }
        return String(base)
    }
}
