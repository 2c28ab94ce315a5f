/// The recursive descent behind `JSONDocument`.
struct JSONReader {
    private static let depthLimit = 64
    private let bytes: [UInt8]
    private var position = 0
    private(set) var text: [UInt8] = []

    init(bytes: [UInt8]) {
        self.bytes = bytes
        text.reserveCapacity(bytes.count / 2)
    }

    mutating func document() throws(JSONFault) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        if position < bytes.count { throw .unexpectedByte(bytes[position], at: position) }
        return value
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
    }

    private mutating func next() throws(JSONFault) -> UInt8 {
        skipSpace()
        guard position < bytes.count else { throw .unexpectedEnd }
        return bytes[position]
    }

    private mutating func value(depth: Int) throws(JSONFault) -> JSONValue {
        let byte = try next()
        if depth > Self.depthLimit { throw .tooDeep(limit: Self.depthLimit, at: position) }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try word("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try word("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try word("null")
            return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw .unexpectedByte(byte, at: position)
        }
    }

    private mutating func word(_ word: StaticString) throws(JSONFault) {
        for offset in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count else { throw .unexpectedEnd }
            if bytes[position] != word.utf8Start[offset] { throw .unexpectedByte(bytes[position], at: position) }
            position += 1
        }
    }

    private mutating func array(depth: Int) throws(JSONFault) -> JSONValue {
        position += 1
        var items: [JSONValue] = []
        if try next() == UInt8(ascii: "]") {
            position += 1
            return .array(items)
        }
        while true {
            items.append(try value(depth: depth + 1))
            if try closes(UInt8(ascii: "]")) { return .array(items) }
        }
    }

    private mutating func object(depth: Int) throws(JSONFault) -> JSONValue {
        position += 1
        var members: [JSONValue.Member] = []
        var keys = ByteStringTable()
        if try next() == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            let quote = try next()
            guard quote == UInt8(ascii: "\"") else { throw .unexpectedByte(quote, at: position) }
            let start = position
            let key = try string()
            if !keys.insert(text[key]).isNew {
                throw .duplicateKey(String(decoding: text[key], as: UTF8.self), at: start)
            }
            let colon = try next()
            guard colon == UInt8(ascii: ":") else { throw .unexpectedByte(colon, at: position) }
            position += 1
            members.append(.init(key: key, value: try value(depth: depth + 1)))
            if try closes(UInt8(ascii: "}")) { return .object(members) }
        }
    }

    /// Consumes a comma (false) or the closing bracket (true).
    private mutating func closes(_ bracket: UInt8) throws(JSONFault) -> Bool {
        let byte = try next()
        guard byte == bracket || byte == UInt8(ascii: ",") else { throw .unexpectedByte(byte, at: position) }
        position += 1
        return byte == bracket
    }

    private mutating func number() throws(JSONFault) -> JSONValue {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let whole = digits()
        let leadingZero = whole > 1 && bytes[position - whole] == UInt8(ascii: "0")
        if whole == 0 || leadingZero { throw .badNumber(at: start) }
        var isInteger = true
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            if digits() == 0 { throw .badNumber(at: start) }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") {
                position += 1
            }
            if digits() == 0 { throw .badNumber(at: start) }
        }
        guard position - start <= 400 else { throw .badNumber(at: start) }
        let literal = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int(literal) { return .integer(integer) }
        guard let real = Double(literal), real.isFinite else { throw .badNumber(at: start) }
        return .real(real)
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, bytes[position] >= UInt8(ascii: "0"), bytes[position] <= UInt8(ascii: "9") {
            position += 1
        }
        return position - start
    }

    private mutating func string() throws(JSONFault) -> Range<Int> {
        let start = text.count
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return start..<text.count
            case UInt8(ascii: "\\"): try escape()
            case 0..<0x20: throw .unexpectedByte(byte, at: position)
            default:
                text.append(byte)
                position += 1
            }
        }
        throw .unexpectedEnd
    }

    private mutating func escape() throws(JSONFault) {
        guard position + 1 < bytes.count else { throw .unexpectedEnd }
        let kind = bytes[position + 1]
        if kind == UInt8(ascii: "u") {
            try unicodeEscape()
            return
        }
        let plain: UInt8
        switch kind {
        case UInt8(ascii: "n"): plain = 0x0A
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "r"): plain = 0x0D
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0C
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = kind
        default: throw .badEscape(at: position)
        }
        text.append(plain)
        position += 2
    }

    private mutating func unicodeEscape() throws(JSONFault) {
        let start = position
        var code = try hexQuad()
        if (0xD800..<0xDC00).contains(code) {
            guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            else { throw .badEscape(at: start) }
            let low = try hexQuad()
            guard (0xDC00..<0xE000).contains(low) else { throw .badEscape(at: start) }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw .badEscape(at: start) }
        text.append(contentsOf: Array(String(scalar).utf8))
    }

    /// The four digits of `\uXXXX`, whose backslash is the current byte.
    private mutating func hexQuad() throws(JSONFault) -> UInt32 {
        guard position + 6 <= bytes.count else { throw .unexpectedEnd }
        var code: UInt32 = 0
        for offset in 2..<6 {
            guard let digit = hexValue(bytes[position + offset]) else { throw .badEscape(at: position) }
            code = code << 4 | digit
        }
        position += 6
        return code
    }
}

/// The value of an ASCII hexadecimal digit.
private func hexValue(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
}
