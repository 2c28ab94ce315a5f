import Testing

@testable import TextFrontend

struct SentenceSplitterTests {
    @Test(arguments: [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Smith met Mr. Jones. They spoke.", ["Dr. Smith met Mr. Jones.", "They spoke."]),
        ("It costs $3.50. Pay now.", ["It costs $3.50.", "Pay now."]),
        ("He lives in the U.S. The end.", ["He lives in the U.S.", "The end."]),
        ("The U.S. Army came.", ["The U.S. Army came."]),
        ("J. K. Rowling wrote it. We read it.", ["J. K. Rowling wrote it.", "We read it."]),
        ("Apples, etc. are good.", ["Apples, etc. are good."]),
        ("At 5 p.m. we left. It was late.", ["At 5 p.m. we left.", "It was late."]),
        ("\"Really?\" she asked. \"Yes.\" He left.", ["\"Really?\" she asked.", "\"Yes.\"", "He left."]),
        ("Wait... what? No…", ["Wait... what?", "No…"]),
        ("See fig. 3 and No. 5. Done.", ["See fig. 3 and No. 5.", "Done."]),
        ("你好。今天好吗？很好！", ["你好。", "今天好吗？", "很好！"]),
        ("Title\n\nBody text", ["Title", "Body text"]),
        ("Version 1.2.3 is out.", ["Version 1.2.3 is out."]),
        ("Visit example.com. Then call.", ["Visit example.com.", "Then call."]),
        ("{HH AH0 L OW1}. {W ER1 L D}!", ["{HH AH0 L OW1}.", "{W ER1 L D}!"]),
        ("Jan. 5 was cold. Yes.", ["Jan. 5 was cold.", "Yes."]),
        ("St. John ran. I saw.", ["St. John ran.", "I saw."]),
        ("So did I. We won.", ["So did I.", "We won."]),
        ("", []), ("   \n ", []), ("no end", ["no end"]), (".", ["."]), ("?!", ["?!"]),
    ])
    func sentencesAreFound(text: String, pieces: [String]) {
        #expect(SentenceSplitter().split(text) == pieces)
    }

    @Test func longSentencesAreCutAtClauses() {
        let text = "The first part is here, the second part is there; the third part, as one can see, is last of all"
        let pieces = SentenceSplitter(maximumLength: 60).split(text)
        #expect(
            pieces == [
                "The first part is here, the second part is there;",
                "the third part, as one can see, is last of all",
            ])
        let spans = SentenceSplitter(maximumLength: 20).split("{AA1 B AA1 B AA1 B AA1 B AA1 B AA1 B} {HH AY1}")
        #expect(spans == ["{AA1 B AA1 B AA1 B AA1 B AA1 B AA1 B}", "{HH AY1}"])
        #expect(
            SentenceSplitter(maximumLength: 20).split("1,000,000,000,000,000,000 is one") == [
                "1,000,000,000,000,000,000", "is one",
            ])
    }

    /// Nothing but white space is lost, and words, numbers and spans stay whole.
    @Test(arguments: 0..<6) func cutsLoseNothing(round: Int) {
        var random = SplitMix(state: UInt64(round))
        let parts = [
            "hello", "Dr.", "{HH AY1}", "3.14", "1,000", ".", "!", "?", ",", ";", " ", " ", "\n", "\n\n", "你好", "。",
            "\"", "(",
            ")", "e.g.", "U.S.", "…", "-", "{", "}", "😀", "e\u{301}", "\r\n", "\u{301}", "A",
        ]
        for _ in 0..<150 {
            let text = (0..<60).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
            let pieces = SentenceSplitter(maximumLength: 40).split(text)
            #expect(pieces.joined().filter { !$0.isWhitespace } == text.filter { !$0.isWhitespace })
            for piece in pieces {
                #expect(text.contains(piece) && piece.first?.isWhitespace == false)
            }
        }
    }

    @Test(arguments: ["a", " ", ".", "{", "你", "。", "a ", ". ", "A. ", "{A} ", "\n", "\""])
    func hundredThousandCharactersAreQuick(unit: String) {
        let text = String(repeating: unit, count: 100_000 / unit.count)
        let elapsed = ContinuousClock().measure { _ = SentenceSplitter().split(text) }
        #expect(elapsed < .seconds(20))
    }
}
