import Foundation

/// A JSON object as text: parameters and timings whose meaning the store does not know.
public struct JSONText: Hashable, Sendable {
    public let text: String

    /// `{}`
    public static let empty = JSONText(unchecked: "{}")

    /// - Throws: ``StoreError/invalid(field:reason:)`` where the text is no JSON object.
    public init(_ text: String) throws(StoreError) {
        let value = try? JSONSerialization.jsonObject(with: Data(text.utf8))
        guard value is [String: Any] else { throw .invalid(field: "the parameters", reason: "are no JSON object") }
        self.text = text
    }

    /// Encodes a value that becomes a JSON object, with its keys in order.
    ///
    /// - Throws: What the encoder throws, or ``StoreError/invalid(field:reason:)`` where it becomes something else.
    public init(encoding value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try self.init(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// What the store itself wrote.
    init(unchecked text: String) { self.text = text }

    /// - Throws: What the decoder throws.
    public func decode<Value: Decodable>(_: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }
}
