import Foundation
import SpeechEngine
import Testing

/// Cutting long texts into parts.
struct TextPartsTests {
    private static let texts = [
        "The quick brown fox jumps over the lazy dog. Dr. Smith paid $3.50 for it! \"Why?\" she asked. ",
        "今天天气很好，我们一起学习语音合成。你喜欢吗？我很喜欢！", "word ", "无标点的很长的文字", "x", "Hi {HH AH0 L OW1} there. ",
    ]

    @Test(arguments: texts, [4.0, 12.0, 25.0]) func nothingIsLostAndNothingIsLong(text: String, limit: Double) {
        let long = String(repeating: text, count: 3000 / text.count)
        let parts = TextParts(limitSeconds: limit, firstLimitSeconds: limit / 2).parts(of: long).map(\.text)
        let bare = { (text: String) in text.filter { !$0.isWhitespace } }
        #expect(bare(parts.joined()) == bare(long))
        #expect(parts.allSatisfy { SpeechLength.seconds(of: $0) <= limit * 1.6 })
        #expect(parts.count > 1)
        #expect(parts.allSatisfy { $0.filter { $0 == "{" }.count == $0.filter { $0 == "}" }.count })
    }

    @Test func shortTextsStayWhole() {
        let text = "One. Two. Three."
        #expect(TextParts(limitSeconds: 25, firstLimitSeconds: 12).parts(of: text).map(\.text) == [text])
    }

    @Test func wordsStayApart() {
        let parts = TextParts(limitSeconds: 3, firstLimitSeconds: 3).parts(
            of: "First sentence here. Second one follows. Third one ends it."
        ).map(\.text)
        #expect(parts.allSatisfy { !$0.contains(".S") && !$0.contains(".T") })
    }
}
