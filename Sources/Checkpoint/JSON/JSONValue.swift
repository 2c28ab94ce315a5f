/// A JSON value as ``StrictJSON`` reads it.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent that fits an `Int`.
    case integer(Int)
    /// Any other number, rounded to the nearest `Double`, always finite.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// What the value is, for error texts.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }

    public var asObject: JSONObject? { if case .object(let value) = self { value } else { nil } }
    public var asArray: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    public var asString: String? { if case .string(let value) = self { value } else { nil } }
    public var asBool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// An integer, also when written like `12.0`, but never a rounded one.
    public var asInt: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }
    /// Any number.
    public var asDouble: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}

/// A JSON object: members in the order of the text, no key twice.
///
/// Keys are compared byte by byte, unlike Swift strings, for which `é` in one and in two code points is the same.
public struct JSONObject: Sendable, Equatable {
    /// Keys and values in the order of the text.
    public private(set) var members: [(key: String, value: JSONValue)] = []
    private var index: [Key: Int] = [:]

    public init() {}

    /// The value of a key, nil where there is none.
    public subscript(key: String) -> JSONValue? { index[Key(text: key)].map { members[$0].value } }

    /// Appends a member and says true, or says false and leaves the object as it is where the key is taken.
    public mutating func append(_ key: String, _ value: JSONValue) -> Bool {
        guard index.updateValue(members.count, forKey: Key(text: key)) == nil else { return false }
        members.append((key, value))
        return true
    }

    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members.count == right.members.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    private struct Key: Hashable, Sendable {
        let text: String

        static func == (left: Key, right: Key) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

        func hash(into hasher: inout Hasher) {
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }
}
