/// A JSON value; strings are ranges of the document's unescaped text.
enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case string(Range<Int>)
    case array([JSONValue])
    case object([Member])

    struct Member: Sendable {
        let key: Range<Int>
        let value: JSONValue
    }
}

/// A strict reading of a JSON text: UTF-8 only, no duplicate keys, no lone surrogates, nothing after the value.
struct JSONDocument: Sendable {
    let root: JSONValue
    /// The unescaped bytes of all strings, one after the other.
    let text: [UInt8]

    init(parsing bytes: [UInt8]) throws(JSONFault) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
        var reader = JSONReader(bytes: bytes)
        root = try reader.document()
        text = reader.text
    }

    func string(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }

    /// The member `key` of an object, or nil where there is none or the value is no object.
    func member(_ key: String, of value: JSONValue) -> JSONValue? {
        guard case .object(let members) = value else { return nil }
        let wanted = Array(key.utf8)
        return members.first { text[$0.key].elementsEqual(wanted) }?.value
    }
}
