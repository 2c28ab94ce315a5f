import Foundation
import Testing

@testable import TextFrontend

struct LexiconTests {
    @Test(arguments: [
        ("hello", "HH AH0 L OW1"), ("HELLO", "HH AH0 L OW1"), ("don't", "D OW1 N T"), ("aardvark", "AA1 R D V AA2 R K"),
        ("zywicki", "Z IH0 W IH1 K IY0"), ("mynah", "M AY1 N AH0"), ("covid", "K OW1 V IH0 D"),
        ("x-ray", "EH1 K S R EY2"),
    ])
    func wordsAreFound(word: String, phonemes: String) throws {
        let lexicon = try EmbeddedData.lexicon.get()
        #expect(lexicon.pronunciation(of: word)?.joined(separator: " ") == phonemes)
    }

    @Test(arguments: ["", "qqqq", "zzzzzzzz", "a b", "'", "héllo", "\u{0}", "hell\u{301}o"])
    func otherWordsAreNot(word: String) throws {
        #expect(try EmbeddedData.lexicon.get().pronunciation(of: word) == nil)
    }

    @Test func theLexiconIsLarge() throws {
        let lexicon = try EmbeddedData.lexicon.get()
        #expect(lexicon.count > 120_000)
    }

    /// Damaged files are refused or find less; nothing traps.
    @Test(arguments: ["lexicon.bin", "letters.bin"])
    func damagedDataAreHarmless(name: String) throws {
        let original = try ResourceFolder.read(ResourceFolder.file(name), limit: 1 << 24)
        var random = SplitMix(state: 3)
        for round in 0..<24 {
            var bytes = original
            if round % 3 == 0 { bytes.removeLast(Int.random(in: 1...bytes.count, using: &random)) }
            for _ in 0..<(round % 3 == 0 ? 0 : 40) {
                let end = round % 3 == 1 ? min(2_000, bytes.count) : bytes.count
                bytes[Int.random(in: 0..<end, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do throws(LexiconError) {
                if name == "lexicon.bin" {
                    let lexicon = try PronunciationLexicon(bytes: bytes, path: "fuzz")
                    for word in ["hello", "a", "zebra", "quite", "it's"] { _ = lexicon.pronunciation(of: word) }
                } else {
                    let letters = try LetterToSound(bytes: bytes, path: "fuzz")
                    for word in ["hello", "zorp"] { _ = letters.phonemes(of: word) }
                }
            } catch {
                #expect(error.description.contains("fuzz") && error.description.hasSuffix("."))
            }
        }
    }

    @Test func foreignFilesAreRefused() {
        let bytes = Array("this is no lexicon at all".utf8)
        #expect(throws: LexiconError.notALexicon(path: "x", expected: "a pronunciation lexicon")) {
            try PronunciationLexicon(bytes: bytes, path: "x")
        }
        #expect(throws: LexiconError.unreadable(path: "/nowhere/x", reason: "there is no such file")) {
            try PronunciationLexicon(contentsOf: URL(fileURLWithPath: "/nowhere/x"))
        }
    }

    @Test(arguments: [
        ("hello", LexiconError.LineFault.noPronunciation(word: "hello")), ("hello HH XX1", .unknownPhoneme("XX1")),
        ("hello HH AH", .unknownPhoneme("AH")), ("pst P S T", .noVowel(word: "pst")), ("{a} AH0", .badWord("{a}")),
        ("12 T W EH1 L V", .badWord("12")),
    ])
    func badUserLinesAreNamed(line: String, reason: LexiconError.LineFault) {
        let expected = LexiconError.badLine(path: "mine.txt", line: 2, reason: reason)
        #expect(throws: expected) { try UserLexicon(parsing: "good G UH1 D\n\(line)", path: "mine.txt") }
        #expect(expected.description.contains("mine.txt"))
    }

    @Test(arguments: ["# only a comment\n\n  \n", "a\tAH0\r\nb b iy1\r\n", "naïve N AY0 IY1 V"])
    func goodUserFilesAreRead(text: String) throws {
        let lexicon = try UserLexicon(parsing: text)
        if text.contains("iy1") { #expect(lexicon.pronunciation(of: "B") == ["B", "IY1"]) }
        if text.contains("ï") { #expect(lexicon.pronunciation(of: "naive") != nil) }
    }
}

struct LetterToSoundTests {
    @Test(arguments: [
        ("cat", "K AE1 T"), ("nation", "N EY1 SH AH0 N"), ("blick", "B L IH1 K"),
        ("snorping", "S N AO1 R P IH0 NG"), ("phonic", "F AA1 N IH0 K"),
    ])
    func wordsAreGuessed(word: String, phonemes: String) throws {
        #expect(try EmbeddedData.letters.get().phonemes(of: word).joined(separator: " ") == phonemes)
    }

    @Test(arguments: ["", "123", "漢字"]) func nothingComesOfNothing(word: String) throws {
        #expect(try EmbeddedData.letters.get().phonemes(of: word).isEmpty)
    }
}

struct WordFormsTests {
    private let words = [
        "walk": "W AO1 K", "bake": "B EY1 K", "stop": "S T AA1 P", "try": "T R AY1", "box": "B AA1 K S",
        "dog": "D AO1 G", "happy": "HH AE1 P IY0", "friend": "F R EH1 N D", "black": "B L AE1 K", "bird": "B ER1 D",
        "want": "W AA1 N T",
    ]

    @Test(arguments: [
        ("walks", "W AO1 K S"), ("dogs", "D AO1 G Z"), ("boxes", "B AA1 K S IH0 Z"), ("tries", "T R AY1 Z"),
        ("dog's", "D AO1 G Z"), ("dogs'", "D AO1 G Z"), ("walked", "W AO1 K T"), ("baked", "B EY1 K T"),
        ("stopped", "S T AA1 P T"), ("wanted", "W AA1 N T IH0 D"), ("tried", "T R AY1 D"),
        ("baking", "B EY1 K IH0 NG"), ("stopping", "S T AA1 P IH0 NG"), ("unhappy", "AH0 N HH AE1 P IY0"),
        ("friendless", "F R EH1 N D L AH0 S"), ("happiness", "HH AE1 P IY0 N AH0 S"),
        ("blackbird", "B L AE1 K B ER2 D"), ("blackbirds", "B L AE1 K B ER2 D Z"), ("dog'll", "D AO1 G AH0 L"),
    ])
    func formsComeFromKnownWords(form: String, phonemes: String) {
        let forms = WordForms { [words] in words[$0]?.split(separator: " ").map(String.init) }
        #expect(forms.phonemes(of: form)?.joined(separator: " ") == phonemes)
    }

    @Test(arguments: ["zorp", "", "'", "'s", "s", "ing", "ed"]) func othersDoNot(form: String) {
        #expect(WordForms { _ in nil }.phonemes(of: form) == nil)
    }
}
