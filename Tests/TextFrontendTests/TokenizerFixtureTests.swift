import Foundation
import TestSupport
import Testing

@testable import TextFrontend

/// A string and what the reference makes of it.
struct TokenizerCase: Decodable, Sendable {
    let text: String
    let tokens: [String]
    let ids: [Int]
    let idsWithoutSplitting: [Int]
    let idsOfTransformers5: [Int]?

    enum CodingKeys: String, CodingKey {
        case text, tokens, ids
        case idsWithoutSplitting = "ids_without_cjk_split"
        case idsOfTransformers5 = "ids_transformers5"
    }
}

struct CleanCase: Decodable, Sendable {
    let text: String
    let clean: String
}

struct TokenizerCases: Decodable {
    let cases: [TokenizerCase]
    let cleanCases: [CleanCase]

    enum CodingKeys: String, CodingKey {
        case cases
        case cleanCases = "clean_cases"
    }

    init(family: String) throws {
        let url = Fixtures.folder.appendingPathComponent("\(family)/tokenizer_cases.json")
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: url))
    }
}

func fixtureTokenizerURL(_ family: String) -> URL {
    Fixtures.folder.appendingPathComponent("\(family)/checkpoint/tokenizer.json")
}

struct TokenizerFixtureTests {
    @Test(arguments: ["v15", "v15_bf16", "v05b"])
    func idsEqualTheReference(family: String) throws {
        let tokenizer = try BPETokenizer(contentsOf: fixtureTokenizerURL(family))
        let cases = try TokenizerCases(family: family).cases
        #expect(cases.count >= 60)
        for expected in cases {
            let ids = tokenizer.encode(expected.text)
            #expect(ids == expected.ids, "\(expected.text)")
            #expect(tokenizer.tokens(for: ids) == expected.tokens, "\(expected.text)")
            #expect(tokenizer.encodeWithoutSplitting(expected.text) == expected.idsWithoutSplitting)
            if let other = expected.idsOfTransformers5 { #expect(ids != other, "\(expected.text)") }
        }
    }

    @Test func whiteSpaceIsCleanedAsInTheReference() throws {
        for expected in try TokenizerCases(family: "v15").cleanCases {
            let cleaned = BPETokenizer.clean(expected.text)
            #expect(Array(cleaned.unicodeScalars) == Array(expected.clean.unicodeScalars), "\(expected.text)")
        }
    }

    @Test func vocabularyAnswers() throws {
        let tokenizer = try BPETokenizer(contentsOf: fixtureTokenizerURL("v15"))
        #expect(tokenizer.vocabularySize == 822)
        #expect(tokenizer.largestID == 821)
        #expect(tokenizer.id(of: "<|audio_start|>") == 101)
        #expect(tokenizer.id(of: "▁Hell") == 750)
        #expect(tokenizer.id(of: "no such token") == nil)
        #expect(tokenizer.tokens(for: [750, -1, 5000]) == ["▁Hell", "<?>", "<?>"])
    }

    @Test(arguments: ["{HH AH0 L OW1}, {W ER1 L D}!", "{ni3}{hao3}", "say {T AH0 M EY1 T OW2} twice"])
    func phonemeSpansPassThroughUntouched(text: String) throws {
        let tokenizer = try BPETokenizer(contentsOf: fixtureTokenizerURL("v15"))
        let joined = tokenizer.tokens(for: tokenizer.encode(text)).joined()
        #expect(joined.replacing("▁", with: " ") == " " + text)
    }

    @Test(arguments: ["a", "好", "😀", " ", "<", "<s>", "{", "\u{301}", "\u{0}", "\u{202E}א", "ab "])
    func hundredThousandCharactersAreQuick(unit: String) throws {
        let tokenizer = try BPETokenizer(contentsOf: fixtureTokenizerURL("v15"))
        let text = String(repeating: unit, count: 100_000)
        let clock = ContinuousClock()
        let elapsed = clock.measure {
            let ids = tokenizer.encode(text)
            #expect(ids.count >= 99_000 && ids.allSatisfy { (0...tokenizer.largestID).contains($0) })
        }
        // Loose, for debug builds on busy machines; quadratic work would take minutes.
        #expect(elapsed < .seconds(30))
    }
}
