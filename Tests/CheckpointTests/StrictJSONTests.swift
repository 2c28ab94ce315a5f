import Testing

@testable import Checkpoint

struct StrictJSONTests {
    private static func parse(_ text: String) throws -> JSONValue { try StrictJSON.parse(Array(text.utf8)) }

    @Test func readsEverything() throws {
        let value = try Self.parse(
            #" { "a" : [1, -2, 0.5, 1e3, true, false, null], "b\u00e9\ud83d\ude00\n" : {"c": ""}, "": [] } "#)
        let object = try #require(value.asObject)
        #expect(
            object["a"]
                == .array([.integer(1), .integer(-2), .number(0.5), .number(1000), .bool(true), .bool(false), .null]))
        #expect(object["bé😀\n"]?.asObject?["c"] == .string(""))
        #expect(object.members.map(\.key) == ["a", "bé😀\n", ""])
    }

    @Test func keepsIntegersExact() throws {
        #expect(try Self.parse("9223372036854775807") == .integer(.max))
        #expect(try Self.parse("9223372036854775808") == .number(9_223_372_036_854_775_808))
        #expect(try Self.parse("9007199254740993") == .integer(9_007_199_254_740_993))
        #expect(try Self.parse("12.0").asInt == 12)
        #expect(try Self.parse("12.5").asInt == nil)
        #expect(try Self.parse("1e300").asInt == nil)
        #expect(try Self.parse("-0") == .number(0))
    }

    @Test func keysThatLookAlikeAreDifferent() throws {
        let object = try #require(try Self.parse("{\"\u{e9}\": 1, \"e\u{301}\": 2}").asObject)
        #expect(object["\u{e9}"] == .integer(1))
        #expect(object["e\u{301}"] == .integer(2))
    }

    @Test(arguments: [
        ("", StrictJSONError.Fault.unexpectedEnd), ("{\"a\":1", .unexpectedEnd), ("[1,", .unexpectedEnd),
        ("\"abc", .unexpectedEnd), ("{\"a\":1,}", .unexpectedByte(0x7d)), ("[1,]", .unexpectedByte(0x5d)),
        ("[1 2]", .unexpectedByte(0x32)), ("{a:1}", .unexpectedByte(0x61)), ("nul", .unexpectedEnd),
        ("NaN", .unexpectedByte(0x4e)), ("Infinity", .unexpectedByte(0x49)), ("\u{feff}1", .unexpectedByte(0xef)),
        ("1 2", .textAfterTheEnd), ("{} x", .textAfterTheEnd), ("// c\n1", .unexpectedByte(0x2f)),
        ("{\"a\":1,\"a\":2}", .duplicateKey("a")), ("{\"a\":1,\"\\u0061\":2}", .duplicateKey("a")),
        ("01", .badNumber), ("1.", .badNumber), ("-", .badNumber), ("1e", .badNumber), ("1x", .badNumber),
        ("1.5.5", .badNumber), ("+1", .unexpectedByte(0x2b)), (".5", .unexpectedByte(0x2e)),
        ("1e999", .numberOutOfRange), ("\"\\x\"", .badEscape), ("\"\\u12g4\"", .badEscape),
        ("\"\\ud800\"", .loneSurrogate), ("\"\\udc00\"", .loneSurrogate), ("\"\\ud800\\u0041\"", .loneSurrogate),
        ("\"a\nb\"", .controlCharacterInString),
    ])
    func refuses(text: String, fault: StrictJSONError.Fault) {
        let error = #expect(throws: StrictJSONError.self) { try Self.parse(text) }
        #expect(error?.fault == fault, "\(text)")
    }

    @Test(arguments: [[0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]] as [[UInt8]])
    func refusesWhatIsNotUTF8(bytes: [UInt8]) {
        let error = #expect(throws: StrictJSONError.self) { try StrictJSON.parse(bytes) }
        #expect(error?.fault == .invalidUTF8)
    }

    @Test func obeysLimits() throws {
        let deep = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
        #expect(#expect(throws: StrictJSONError.self) { try Self.parse(deep) }?.fault == .tooDeep(limit: 64))
        _ = try Self.parse(String(deep.dropFirst().dropLast()))
        let bomb = String(repeating: "[", count: 1_000_000)
        #expect(#expect(throws: StrictJSONError.self) { try Self.parse(bomb) }?.fault == .tooDeep(limit: 64))
        let limits = StrictJSON.Limits(byteCount: 10, depth: 2, valueCount: 3)
        #expect(
            #expect(throws: StrictJSONError.self) { try StrictJSON.parse(Array("[1,2,3]".utf8), limits: limits) }?.fault
                == .tooManyValues(limit: 3))
        #expect(
            #expect(throws: StrictJSONError.self) { try StrictJSON.parse(Array("[1,2,3,4,5]".utf8), limits: limits) }?
                .fault == .tooLarge(limit: 10))
    }

    @Test func saysWhere() {
        let error = #expect(throws: StrictJSONError.self) { try Self.parse("{\n  \"a\": 1,\n  \"a\": 2\n}") }
        #expect(error?.description == "the key \"a\" appears twice in one object at line 3, column 3")
    }
}
