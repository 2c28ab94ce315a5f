/// The name of a stored thing: 128 random bits, written as 32 lower-case hexadecimal digits.
///
/// Ids are made here and never taken from a client's words, so that they may serve as file names.
public struct RecordID: Hashable, Sendable, Codable, LosslessStringConvertible {
    public let description: String

    /// A new id.
    public init() {
        var digits = ""
        for _ in 0..<2 {
            let half = String(UInt64.random(in: 0 ... .max), radix: 16)
            digits += String(repeating: "0", count: 16 - half.count) + half
        }
        description = digits
    }

    /// An id that somebody sent; nil unless it has exactly the form of one.
    public init?(_ description: String) {
        let bytes = description.utf8
        guard bytes.count == 32, bytes.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            return nil
        }
        self.description = description
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = RecordID(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
