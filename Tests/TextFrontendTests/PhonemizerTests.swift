import Foundation
import Testing

@testable import TextFrontend

/// The data that come with the program, loaded once for all tests.
enum EmbeddedData {
    static let phonemizer = Result { try EnglishPhonemizer.embedded() }
    static let lexicon = Result { try PronunciationLexicon.embedded() }
    static let letters = Result { try LetterToSound.embedded() }
}

struct PhonemizerTests {
    @Test func sentencesBecomePhonemes() throws {
        let phonemizer = try EmbeddedData.phonemizer.get()
        #expect(phonemizerCases.count >= 40)
        for (typed, phonemes) in phonemizerCases {
            #expect(phonemizer.phonemize(typed) == phonemes, "\(typed)")
        }
    }

    @Test func theUserComesFirst() throws {
        let own = try UserLexicon(
            parsing: """
                # my words
                hello  HH EH1 L OW0
                C++    S IY2 P L AH1 S
                Qoph\tK OW1 F  # a letter
                the    DH IY1
                """)
        let phonemizer = try EnglishPhonemizer.embedded(userEntries: own)
        #expect(phonemizer.phonemize("Hello, qoph!") == "{HH EH1 L OW0}, {K OW1 F}!")
        #expect(phonemizer.phonemize("(C++)") == "({S IY2 P L AH1 S})")
        #expect(phonemizer.phonemize("the cat") == "{DH IY1} {K AE1 T}")
    }

    /// The output is spans of known phonemes, single spaces and the agreed punctuation, whatever comes in.
    @Test func outputKeepsTheNotation() throws {
        let phonemizer = try EmbeddedData.phonemizer.get()
        var random = SplitMix(state: 5)
        let alphabet = Array("abcdefghilnorstuy  ABZ 0159.,:;!?-—…'\"()[]{}@#$%&*+=/_°€½\n\té漢😀\u{301}\u{202E}א")
        for _ in 0..<250 {
            let length = Int.random(in: 0...40, using: &random)
            let text = String((0..<length).compactMap { _ in alphabet.randomElement(using: &random) })
            check(phonemizer.phonemize(text), from: text)
        }
    }

    private func check(_ output: String, from text: String) {
        for piece in PhonemeSpan.split(output) {
            switch piece {
            case .text(let marks):
                let isKept = marks.allSatisfy { " ,.!?;:—…\"()".contains($0) } && !marks.contains("  ")
                #expect(isKept, "\(text.debugDescription) became \(output.debugDescription)")
            case .span(let span) where !text.contains(span):
                let phonemes = span.dropFirst().dropLast().split(separator: " ").map(String.init)
                #expect(phonemes.allSatisfy(Phoneme.all.contains), "\(text.debugDescription) became \(span)")
            case .span: break
            }
        }
    }

    @Test(arguments: [
        "a", "zorp", "7", "{", "}", "😀", "a\u{301}", "\u{202E}א", ".", "\"", "'", "-", "a-", "a'", "\n", "\u{0}", "—",
        "A", "ABC ", "$5 ", "a/b", "漢字",
    ])
    func longInputIsLinear(unit: String) throws {
        let phonemizer = try EmbeddedData.phonemizer.get()
        let short = String(repeating: unit, count: 1_000 / unit.count)
        let long = String(repeating: unit, count: 10_000 / unit.count)
        let clock = ContinuousClock()
        let base = clock.measure { _ = phonemizer.phonemize(short) }
        let elapsed = clock.measure { _ = phonemizer.phonemize(long) }
        // Ten times the text may take ten times as long, loosely; quadratic work would take a hundred times.
        #expect(elapsed < max(base * 50, .seconds(2)), "\(unit.debugDescription)")
    }

    @Test func plainEnglishSpansAreUntouched() throws {
        let phonemizer = try EmbeddedData.phonemizer.get()
        for text in ["{HH AH0 L OW1}, {W ER1 L D}!", "{ni3}{hao3}", "({AH0})", "\"{AY1}\""] {
            #expect(phonemizer.phonemize(text) == text)
        }
    }
}
