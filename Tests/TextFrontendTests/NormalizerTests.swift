import Testing

@testable import TextFrontend

struct NormalizerTests {
    @Test func textIsSpelledOut() {
        #expect(normalizerCases.count >= 120)
        let normalizer = EnglishNormalizer()
        for (typed, spoken) in normalizerCases {
            #expect(normalizer.spellOut(typed) == spoken, "\(typed)")
        }
    }

    @Test(arguments: [
        ("0", "zero"), ("000", "zero"), ("13", "thirteen"), ("40", "forty"), ("101", "one hundred one"),
        ("1000", "one thousand"), ("1000001", "one million one"),
        ("999999", "nine hundred ninety nine thousand nine hundred ninety nine"),
        ("1000000000000000000000000000000000", "one decillion"),
    ])
    func cardinals(digits: String, words: String) {
        #expect(NumberWords.cardinal(digits) == words)
    }

    @Test(
        arguments: [
            ("I", 1), ("IV", 4), ("IX", 9), ("XIV", 14), ("XL", 40), ("MCMXCIV", 1994), ("MMXXIV", 2024), ("IIII", nil),
            ("VX", nil), ("IC", nil), ("", nil), ("MMMM", nil), ("hello", nil),
        ] as [(String, Int?)])
    func romanNumerals(text: String, value: Int?) {
        #expect(RomanNumerals.value(text) == value)
    }

    /// Whatever comes in, only words, spaces and the agreed punctuation go out.
    @Test func outputHasOnlySpeakableCharacters() {
        var random = SplitMix(state: 11)
        let alphabet = Array("abcXYZ IVX 0123456789 .,:;!?-–—…'\"()[]{}@#$%&*+=/\\<>|~^_°€£½²\n\té漢字😀\u{301}\u{202E}א")
        for _ in 0..<600 {
            let length = Int.random(in: 0...40, using: &random)
            let text = String((0..<length).compactMap { _ in alphabet.randomElement(using: &random) })
            let spoken = EnglishNormalizer.spellOut(text)
            for piece in PhonemeSpan.split(spoken) {
                guard case .text(let words) = piece else { continue }
                let isPlain = words.allSatisfy { $0.isASCII && $0.isLetter || " ',.!?;:—…\"()".contains($0) }
                #expect(isPlain, "\(text.debugDescription) became \(spoken.debugDescription)")
            }
        }
    }

    @Test(arguments: [
        "", "   ", "\n\n", "😀🎉", "{", "}", "{{{{", "{}", "{HH", "HH}", "-", "—", "...", "$", "%", "1,", ",1", "1..2",
        "@@",
        "://", "http://", "a@", "@b.com", "1/0", "0/0", "99:99", "13/13/13", "$-5", "€", "+", "'", "''", "\"", "\u{0}",
        "\u{301}\u{301}", "\u{202E}", "\u{FEFF}", "\u{FFFD}", "﷽", "𝕳𝖊𝖑𝖑𝖔", "１２３", "٣٤", "Ⅷ", "1️⃣", "³", "½½", "-–—-",
    ])
    func oddInputIsHarmless(text: String) {
        let spoken = EnglishNormalizer.spellOut(text)
        #expect(!spoken.contains("  "))
    }
}
