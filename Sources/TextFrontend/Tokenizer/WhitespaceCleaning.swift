extension BPETokenizer {
    /// Every run of white space as one space, nothing stripped: what the reference does to text before tokenising.
    ///
    /// White space means what it means to Python's `\s`, which counts U+001C to U+001F in and U+200B out.
    public static func clean(_ text: String) -> String {
        var cleaned = String.UnicodeScalarView()
        var inSpace = false
        for scalar in text.unicodeScalars {
            let isSpace = isSpace(scalar)
            if !isSpace { cleaned.append(scalar) } else if !inSpace { cleaned.append(" ") }
            inSpace = isSpace
        }
        return String(cleaned)
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
            true
        default: false
        }
    }
}
