/// A strict reader for JSON from untrusted files: RFC 8259 to the letter, and beyond it no key twice in an object, no
/// lone surrogates, no numbers beyond the range of `Double`, and limits on size, depth and number of values.
///
/// Foundation's decoders keep one of two equal keys without a word, so that two programs may read different tensors from
/// one file.
public enum StrictJSON {
    /// How much a text may demand of the reader.
    public struct Limits: Sendable {
        /// Bytes of the whole text.
        public var byteCount: Int
        /// Lists and objects inside each other.
        public var depth: Int
        /// Values of any kind, in all.
        public var valueCount: Int

        public init(byteCount: Int = 64 << 20, depth: Int = 64, valueCount: Int = 4_000_000) {
            self.byteCount = byteCount
            self.depth = depth
            self.valueCount = valueCount
        }
    }

    /// Reads one JSON text. White space may surround it, nothing else.
    ///
    /// - Throws: ``StrictJSONError``, with the position.
    public static func parse(_ bytes: [UInt8], limits: Limits = Limits()) throws(StrictJSONError) -> JSONValue {
        let result: Result<JSONValue, StrictJSONError> = bytes.withUnsafeBytes { buffer in
            do throws(StrictJSONError) { return .success(try parse(buffer, limits: limits)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Reads one JSON text from memory that need not outlive the call.
    ///
    /// - Throws: ``StrictJSONError``, with the position.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer, limits: Limits = Limits()
    ) throws(StrictJSONError) -> JSONValue {
        var reader = StrictJSONReader(bytes: bytes, limits: limits)
        return try reader.document()
    }
}

/// Why a text is not acceptable JSON, and where.
public struct StrictJSONError: Error, Equatable, CustomStringConvertible {
    public enum Fault: Sendable, Equatable {
        case unexpectedEnd
        case unexpectedByte(UInt8)
        case textAfterTheEnd
        case duplicateKey(String)
        case badNumber
        case numberOutOfRange
        case badEscape
        case loneSurrogate
        case controlCharacterInString
        case invalidUTF8
        case tooDeep(limit: Int)
        case tooLarge(limit: Int)
        case tooManyValues(limit: Int)
    }

    public let fault: Fault
    /// Bytes before the place.
    public let offset: Int
    /// Line, from 1.
    public let line: Int
    /// Byte in the line, from 1.
    public let column: Int

    public var description: String { "\(reason) at line \(line), column \(column)" }

    private var reason: String {
        switch fault {
        case .unexpectedEnd: "the JSON text ends too early"
        case .unexpectedByte(let byte):
            (0x21...0x7e).contains(byte)
                ? "unexpected character \"\(Character(Unicode.Scalar(byte)))\""
                : "unexpected byte 0x\(String(byte, radix: 16))"
        case .textAfterTheEnd: "text after the end of the JSON value"
        case .duplicateKey(let key): "the key \(key.quoted) appears twice in one object"
        case .badNumber: "malformed number"
        case .numberOutOfRange: "a number beyond the range of a double"
        case .badEscape: "malformed escape in a string"
        case .loneSurrogate: "half of a surrogate pair in a string"
        case .controlCharacterInString: "an unescaped control character in a string"
        case .invalidUTF8: "a string that is not UTF-8"
        case .tooDeep(let limit): "lists and objects nested deeper than \(limit)"
        case .tooLarge(let limit): "a JSON text of more than \(limit) bytes"
        case .tooManyValues(let limit): "more than \(limit) JSON values"
        }
    }
}
