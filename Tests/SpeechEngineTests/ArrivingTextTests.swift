import SpeechEngine
import Testing
import TextFrontend

/// Sentences out of a text that arrives in pieces.
struct ArrivingTextTests {
    private static let texts = [
        "Dr. Smith paid $3.50 on Jan. 5. He left at 10:30 p.m. and slept. \"Really?\" she asked. Yes! It is so... Well.",
        "今天天气很好。我们去公园吧！好不好？“好。”他说。Then we left. 再见。",
        "One. Two. Three? Four!\n\nA new paragraph begins here\n\nand another, e.g. this one. Say {HH AH0 L OW1}. Fine.",
        "I met J. R. Smith at St. Mary's. etc. is what we say. The U.S. is big. No. 5 is alive. no. it goes on.",
    ]

    /// Gives a text away in pieces of random sizes.
    private static func sentences(_ text: String, sizes: ClosedRange<Int>, seed: UInt64) -> [String] {
        var generator = Steps(state: seed)
        var arriving = ArrivingText()
        var found: [String] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: sizes, using: &generator))
            rest = rest.dropFirst(piece.count)
            arriving.append(String(piece))
            #expect(arriving.restLength == arriving.rest.unicodeScalars.count)
            found += arriving.takeWhole()
            #expect(arriving.restLength == arriving.rest.unicodeScalars.count)
        }
        found += arriving.takeAll()
        return found.map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
    }

    private struct Steps: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    @Test(arguments: texts) func sentencesAreTheSameHoweverTheyArrive(text: String) {
        let whole = SentenceSplitter(maximumLength: .max).split(text)
            .map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        for seed in 0..<60 {
            #expect(Self.sentences(text, sizes: 1...(1 + Int(seed) % 12), seed: UInt64(seed)) == whole)
        }
    }

    @Test func aSentenceLeavesWhenTheNextHasBegun() {
        var text = ArrivingText()
        text.append("Hello there.")
        #expect(text.takeWhole().isEmpty)
        text.append(" How")
        #expect(text.takeWhole().isEmpty, "a word that begins so may go on in a way that changes the end")
        text.append(" are")
        #expect(text.takeWhole() == ["Hello there."])
        #expect(text.takeWhole().isEmpty)
        text.append(" you?")
        #expect(text.takeAll() == [" How are you?"])
        #expect(text.takeAll().isEmpty)
    }

    @Test func fullWidthMarksNeedNoMore() {
        var text = ArrivingText()
        text.append("你好。今")
        #expect(text.takeWhole() == ["你好。"])
    }

    @Test func aFirstPartThatIsToBecomeAVoiceIsLongEnough() {
        var text = ArrivingText()
        text.append("Hi. Yes. This is a sentence of some length, is it not? And more. ")
        #expect(text.takeWhole(minimumSeconds: 3) == ["Hi. Yes. This is a sentence of some length, is it not?"])
    }

    @Test func phonemesAreNotTorn() {
        var text = ArrivingText()
        text.append("Say {HH AH0 L")
        #expect(text.takeWhole().isEmpty)
        text.append(" OW1} now. And then")
        #expect(text.takeWhole() == ["Say {HH AH0 L OW1} now."])
    }

    @Test func aTextWithoutAnEndIsNotHeldBackForEver() {
        var text = ArrivingText()
        var taken = 0
        for _ in 0..<400 {
            text.append("and on, and on ")
            taken += text.takeWhole().count
        }
        #expect(taken > 5)
        #expect(text.rest.count < 900)
    }

    @Test func whatCannotBeSaidIsNotGivenAway() {
        var text = ArrivingText()
        text.append("... !! -- ? ")
        #expect(text.takeWhole().isEmpty)
        #expect(text.takeAll().isEmpty)
    }
}
