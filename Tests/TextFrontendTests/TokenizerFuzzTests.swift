import Foundation
import Testing

@testable import TextFrontend

/// The same numbers on every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

struct TokenizerFuzzTests {
    private static let seed = """
        {"added_tokens":[{"id":0,"content":"<unk>","lstrip":false},{"id":12,"content":"<x>","normalized":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
        {"type":"Replace","pattern":{"String":" "},"content":"▁"}]},"pre_tokenizer":null,
        "model":{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,"dropout":null,
        "vocab":{"<unk>":0,"▁":1,"a":2,"b":3,"ab":4,"▁ab":5,"你":6,"好":7,"你好":8,"<0xC3>":9,"<0xA9>":10,"\\u00e9":11},
        "merges":["a b",["▁","ab"],"你 好"]}}
        """

    /// A mutated file either loads and encodes, or fails with a typed error; it never traps.
    @Test(arguments: 0..<8)
    func mutatedFilesFailCleanly(round: Int) throws {
        var random = SplitMix(state: UInt64(round))
        let seed = Array(Self.seed.utf8)
        let interesting = Array(#"{}[]",:\0129-eu nulltrue"#.utf8) + [0, 0x7F, 0x80, 0xC3, 0xFF]
        var loaded = 0
        for _ in 0..<400 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let start = Int.random(in: 0..<bytes.count, using: &random)
                let length = min(Int.random(in: 1...12, using: &random), bytes.count - start)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[start] = interesting.randomElement(using: &random) ?? 0
                case 1: bytes.removeSubrange(start..<start + length)
                case 2: bytes.insert(contentsOf: bytes[start..<start + length], at: start)
                case 3: bytes.removeSubrange(start...)
                default: bytes[start] = UInt8.random(in: 0...255, using: &random)
                }
                if bytes.isEmpty { bytes = [0x7B] }
            }
            do throws(TokenizerError) {
                let tokenizer = try BPETokenizer(json: bytes, path: "fuzz")
                for text in ["", "ab é 你好 <x>", "\u{0}😀 <unk>a"] {
                    #expect(tokenizer.encode(text).allSatisfy { tokenizer.tokens(for: [$0]) != ["<?>"] })
                }
                loaded += 1
            } catch {
                #expect(error.description.contains("fuzz"))
            }
        }
        #expect(loaded > 0)
    }
}
