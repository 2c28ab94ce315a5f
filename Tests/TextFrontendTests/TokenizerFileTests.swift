import Foundation
import Testing

@testable import TextFrontend

/// A small tokenizer.json with parts replaced.
private func file(
    vocabulary: String = #"{"<unk>":0,"▁":1,"a":2,"b":3,"ab":4,"▁ab":5,"你":6,"好":7,"你好":8}"#,
    merges: String = #"["a b","▁ ab","你 好"]"#, model: String = "", rest: String = ""
) -> String {
    """
    {"normalizer":{"type":"Prepend","prepend":"▁"},\(rest)
     "model":{"type":"BPE","unk_token":"<unk>",\(model) "vocab":\(vocabulary),"merges":\(merges)}}
    """
}

private func load(_ text: String) throws(TokenizerError) -> BPETokenizer {
    try BPETokenizer(json: Array(text.utf8), path: "m/tokenizer.json")
}

private let path = "m/tokenizer.json"

struct TokenizerFileTests {
    @Test(arguments: [#"["a b","▁ ab","你 好"]"#, #"[["a","b"],["▁","ab"],["你","好"]]"#])
    func mergesComeInTwoNotations(merges: String) throws {
        let tokenizer = try load(file(merges: merges))
        #expect(tokenizer.encode("ab你好") == [5, 6, 7])
        #expect(tokenizer.encodeWithoutSplitting("ab你好") == [5, 8])
    }

    @Test func tokensAreExactToTheByte() throws {
        let tokenizer = try load(
            file(vocabulary: #"{"<unk>":0,"▁":1,"é":2,"e\u0301":3,"e":4,"\u0301":5}"#, merges: "[]"))
        #expect(tokenizer.encode("\u{E9}") == [1, 2])
        #expect(tokenizer.encode("e\u{301}") == [1, 4, 5])
        #expect(tokenizer.id(of: "e\u{301}") == 3)
    }

    @Test(arguments: [("true", [1, 0, 2, 0]), ("false", [1, 0, 0, 2, 0])])
    func unknownCharactersFuse(fuse: String, expected: [Int]) throws {
        #expect(try load(file(model: #""fuse_unk":\#(fuse),"#)).encode("xyaz") == expected)
    }

    @Test func charactersOfSplitTokensMayBeUnknown() throws {
        let vocabulary = #"{"<unk>":0,"▁":1,"你":2,"你好":3,"▁你好":4}"#
        let tokenizer = try load(file(vocabulary: vocabulary, merges: "[]", model: #""ignore_merges":true,"#))
        #expect(tokenizer.encode("你好") == [2, 0])
    }

    @Test func addedTokensHonourTheirFlags() throws {
        let added = #"""
            "added_tokens":[{"id":9,"content":"<x>","lstrip":true,"rstrip":true},
            {"id":4,"content":"ab","single_word":true},{"id":11,"content":"<x>y"}],
            """#
        let tokenizer = try load(file(rest: added))
        #expect(tokenizer.encode("a  <x> b") == [1, 2, 9, 1, 3])
        #expect(tokenizer.encode("ab,aba") == [4, 1, 0, 4, 2])
        #expect(tokenizer.encode("<x>y") == [11])
    }

    @Test func everyFaultHasItsError() {
        let faults: [(String, TokenizerError)] = [
            ("", .malformedJSON(path: path, fault: .unexpectedEnd)),
            ("[]", .wrongType(path: path, field: "the whole file", expected: "an object")),
            ("{}", .missing(path: path, field: "model")),
            (#"{"model":{}}"#, .missing(path: path, field: "model.vocab")),
            (#"{"model":{"vocab":{"a":0}}}"#, .missing(path: path, field: "model.merges")),
            (#"{"model":[]}"#, .wrongType(path: path, field: "model", expected: "an object")),
            (#"{"model":{"a":1,"a":2}}"#, .malformedJSON(path: path, fault: .duplicateKey("a", at: 16))),
            (
                file(vocabulary: "{}"),
                .wrongType(
                    path: path, field: "model.vocab", expected: "an object of tokens and ids")
            ),
            (file(vocabulary: #"{"a":"0"}"#), .badTokenID(path: path, token: "a")),
            (file(vocabulary: #"{"a":-1}"#), .badTokenID(path: path, token: "a")),
            (file(vocabulary: #"{"a":99999999999}"#), .badTokenID(path: path, token: "a")),
            (file(vocabulary: #"{"a":1.5}"#), .badTokenID(path: path, token: "a")),
            (file(vocabulary: #"{"a":1,"b":1}"#), .duplicateID(path: path, id: 1, first: "a", second: "b")),
            (file(vocabulary: #"{"a":1}"#, merges: "[]"), .unknownTokenMissing(path: path, token: "<unk>")),
            (file(merges: #"["ab"]"#), .badMerge(path: path, index: 0)),
            (file(merges: #"["a b","a b c"]"#), .badMerge(path: path, index: 1)),
            (file(merges: #"[["a"]]"#), .badMerge(path: path, index: 0)),
            (file(merges: "[7]"), .badMerge(path: path, index: 0)),
            (file(merges: #"["b a"]"#), .mergeOutOfVocabulary(path: path, index: 0, token: "ba")),
            (file(merges: "{}"), .wrongType(path: path, field: "model.merges", expected: "an array")),
            (file(model: #""dropout":0.5,"#), .unsupported(path: path, field: "model.dropout", value: "0.5")),
            (
                file(model: #""byte_fallback":1,"#),
                .wrongType(
                    path: path, field: "model.byte_fallback", expected: "true or false")
            ),
            (
                file(rest: #""pre_tokenizer":{"type":"ByteLevel"},"#),
                .unsupported(
                    path: path, field: "pre_tokenizer", value: "ByteLevel")
            ),
            (
                file(rest: #""added_tokens":[{"id":9,"content":"a"}],"#),
                .addedTokenMismatch(
                    path: path, token: "a", id: 9, vocabularyID: 2)
            ),
            (
                file(rest: #""added_tokens":[{"id":2,"content":"c"}],"#),
                .duplicateID(
                    path: path, id: 2, first: "a", second: "c")
            ),
            (
                String(repeating: "[", count: 100_000),
                .malformedJSON(
                    path: path, fault: .tooDeep(limit: 64, at: 65))
            ),
        ]
        for (text, expected) in faults {
            #expect(throws: expected, "\(text.prefix(200))") { try load(text) }
            #expect(expected.description.contains(path))
            #expect(expected.description.hasSuffix("."))
        }
    }

    @Test(arguments: [
        #"{"a":"\ud800"}"#, #"{"a":"\udc00\ud800"}"#, #"{"a":"\ux000"}"#, #"{"a":"\q"}"#, #"{"a":01}"#, #"{"a":1.}"#,
        #"{"a":1e999}"#, #"{"a":tru}"#, #"{"a":1}x"#, #"{"a":1,}"#, "{\"a\":\"\n\"}", #"{'a':1}"#, "{\"a\":\"",
        #"{"a""#,
        #"{"a":"\u12"#, "\u{FEFF}{}", "nul",
    ])
    func jsonIsReadStrictly(text: String) {
        #expect(throws: JSONFault.self) { try JSONDocument(parsing: Array(text.utf8)) }
    }

    @Test func jsonMustBeUTF8() {
        #expect(throws: JSONFault.notUTF8) { try JSONDocument(parsing: [0x22, 0xC3, 0x28, 0x22]) }
    }

    @Test func escapesAreRead() throws {
        let document = try JSONDocument(parsing: Array(#""\u4f60\ud83d\uDE00\n\/\"""#.utf8))
        guard case .string(let range) = document.root else { return #expect(Bool(false)) }
        #expect(document.string(range) == "你😀\n/\"")
    }

    @Test func missingAndUnreadableFilesAreNamed() {
        let missing = URL(fileURLWithPath: "/nowhere/tokenizer.json")
        #expect(throws: TokenizerError.unreadable(path: missing.path, reason: "there is no such file")) {
            try BPETokenizer(contentsOf: missing)
        }
        let folder = FileManager.default.temporaryDirectory
        #expect(throws: TokenizerError.self) { try BPETokenizer(contentsOf: folder) }
    }
}
