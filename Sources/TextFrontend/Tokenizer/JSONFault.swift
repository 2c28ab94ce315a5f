/// What is wrong with a JSON text, and at which byte.
public enum JSONFault: Error, Sendable, Equatable {
    case notUTF8
    case unexpectedEnd
    case unexpectedByte(UInt8, at: Int)
    case badEscape(at: Int)
    case badNumber(at: Int)
    case tooDeep(limit: Int, at: Int)
    case duplicateKey(String, at: Int)
}

extension JSONFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notUTF8: "it is not UTF-8"
        case .unexpectedEnd: "it ends in the middle of a value"
        case .unexpectedByte(let byte, let offset): "byte \(offset) is \(byte), which cannot stand there"
        case .badEscape(let offset): "the escape at byte \(offset) is not valid"
        case .badNumber(let offset): "the number at byte \(offset) is not valid"
        case .tooDeep(let limit, let offset): "byte \(offset) nests deeper than \(limit) levels"
        case .duplicateKey(let key, let offset): "the key \"\(key.prefix(60))\" at byte \(offset) occurs twice"
        }
    }
}
