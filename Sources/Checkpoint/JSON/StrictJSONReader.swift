import Foundation

/// The recursive reader behind ``StrictJSON``; the depth limit bounds the recursion.
struct StrictJSONReader {
    let bytes: UnsafeRawBufferPointer
    let limits: StrictJSON.Limits
    private var offset = 0
    private var valueCount = 0

    init(bytes: UnsafeRawBufferPointer, limits: StrictJSON.Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document() throws(StrictJSONError) -> JSONValue {
        guard bytes.count <= limits.byteCount else { throw error(.tooLarge(limit: limits.byteCount), at: 0) }
        skipSpace()
        let result = try value(depth: 0)
        skipSpace()
        guard offset == bytes.count else { throw error(.textAfterTheEnd) }
        return result
    }

    private mutating func value(depth: Int) throws(StrictJSONError) -> JSONValue {
        valueCount += 1
        guard valueCount <= limits.valueCount else { throw error(.tooManyValues(limit: limits.valueCount)) }
        switch try peek() {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case let byte: throw error(.unexpectedByte(byte))
        }
    }

    private mutating func object(depth: Int) throws(StrictJSONError) -> JSONValue {
        guard depth <= limits.depth else { throw error(.tooDeep(limit: limits.depth)) }
        offset += 1
        var result = JSONObject()
        skipSpace()
        if try accept("}") { return .object(result) }
        while true {
            skipSpace()
            let start = offset
            guard try peek() == UInt8(ascii: "\"") else { throw error(.unexpectedByte(bytes[offset])) }
            let key = try string()
            skipSpace()
            try require(":")
            skipSpace()
            let value = try value(depth: depth)
            guard result.append(key, value) else { throw error(.duplicateKey(key), at: start) }
            skipSpace()
            if try accept("}") { return .object(result) }
            try require(",")
        }
    }

    private mutating func array(depth: Int) throws(StrictJSONError) -> JSONValue {
        guard depth <= limits.depth else { throw error(.tooDeep(limit: limits.depth)) }
        offset += 1
        var result: [JSONValue] = []
        skipSpace()
        if try accept("]") { return .array(result) }
        while true {
            skipSpace()
            result.append(try value(depth: depth))
            skipSpace()
            if try accept("]") { return .array(result) }
            try require(",")
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(StrictJSONError) -> JSONValue {
        for index in 0..<text.utf8CodeUnitCount {
            guard try peek() == text.utf8Start[index] else { throw error(.unexpectedByte(bytes[offset])) }
            offset += 1
        }
        return value
    }

    private mutating func number() throws(StrictJSONError) -> JSONValue {
        let start = offset
        var isInteger = true
        if byte == UInt8(ascii: "-") { offset += 1 }
        if byte == UInt8(ascii: "0") { offset += 1 } else if skipDigits() == 0 { throw error(.badNumber, at: start) }
        if byte == UInt8(ascii: ".") {
            isInteger = false
            offset += 1
            if skipDigits() == 0 { throw error(.badNumber, at: start) }
        }
        if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            isInteger = false
            offset += 1
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { offset += 1 }
            if skipDigits() == 0 { throw error(.badNumber, at: start) }
        }
        // "01" and "1x" must not pass as two tokens.
        if let next = byte, isWordByte(next) { throw error(.badNumber, at: start) }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isInteger, let value = Int(text), !(value == 0 && text.hasPrefix("-")) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw error(.numberOutOfRange, at: start) }
        return .number(value)
    }

    private mutating func skipDigits() -> Int {
        let start = offset
        while let next = byte, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) { offset += 1 }
        return offset - start
    }

    private func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private mutating func string() throws(StrictJSONError) -> String {
        let opening = offset
        offset += 1
        var text: [UInt8] = []
        var start = offset
        while true {
            guard let next = byte else { throw error(.unexpectedEnd) }
            if next == UInt8(ascii: "\"") {
                text.append(contentsOf: bytes[start..<offset])
                offset += 1
                break
            }
            guard next >= 0x20 else { throw error(.controlCharacterInString) }
            if next == UInt8(ascii: "\\") {
                text.append(contentsOf: bytes[start..<offset])
                text.append(contentsOf: String(Character(try escape())).utf8)
                start = offset
            } else {
                offset += 1
            }
        }
        guard let result = String(validating: text, as: UTF8.self) else { throw error(.invalidUTF8, at: opening) }
        return result
    }

    private mutating func escape() throws(StrictJSONError) -> Unicode.Scalar {
        let start = offset
        offset += 1
        let kind = try peek()
        offset += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(kind)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let first = try hex(start)
            if let scalar = Unicode.Scalar(first) { return scalar }
            guard first < 0xdc00, byte == UInt8(ascii: "\\") else { throw error(.loneSurrogate, at: start) }
            offset += 1
            guard byte == UInt8(ascii: "u") else { throw error(.loneSurrogate, at: start) }
            offset += 1
            let second = try hex(start)
            guard (0xdc00...0xdfff).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
            else { throw error(.loneSurrogate, at: start) }
            return scalar
        default: throw error(.badEscape, at: start)
        }
    }

    /// Four hexadecimal digits.
    private mutating func hex(_ start: Int) throws(StrictJSONError) -> UInt32 {
        var result: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(try peek())).hexDigitValue, bytes[offset] < 0x80 else {
                throw error(.badEscape, at: start)
            }
            result = result << 4 | UInt32(digit)
            offset += 1
        }
        return result
    }

    private var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private func peek() throws(StrictJSONError) -> UInt8 {
        guard offset < bytes.count else { throw error(.unexpectedEnd) }
        return bytes[offset]
    }

    private mutating func accept(_ scalar: Unicode.Scalar) throws(StrictJSONError) -> Bool {
        guard try peek() == UInt8(ascii: scalar) else { return false }
        offset += 1
        return true
    }

    private mutating func require(_ scalar: Unicode.Scalar) throws(StrictJSONError) {
        guard try accept(scalar) else { throw error(.unexpectedByte(bytes[offset])) }
    }

    private mutating func skipSpace() {
        while let next = byte, next == 0x20 || next == 0x0a || next == 0x0d || next == 0x09 { offset += 1 }
    }

    private func error(_ fault: StrictJSONError.Fault, at place: Int? = nil) -> StrictJSONError {
        let place = place ?? offset
        let before = bytes[..<min(place, bytes.count)]
        let line = before.reduce(1) { $1 == 0x0a ? $0 + 1 : $0 }
        let column = place - (before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0) + 1
        return StrictJSONError(fault: fault, offset: place, line: line, column: column)
    }
}
