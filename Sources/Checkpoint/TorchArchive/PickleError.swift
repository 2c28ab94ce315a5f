/// Why a pickle was refused, and at which byte.
public struct PickleError: Error, Equatable, CustomStringConvertible {
    /// One case for each rule.
    public enum Fault: Sendable, Equatable {
        case tooLarge(byteCount: Int, limit: Int)
        case unexpectedEnd
        case bytesAfterStop
        /// An operation that a state dict does not need, or a second protocol.
        case forbiddenOperation(UInt8)
        case unsupportedProtocol(Int)
        case forbiddenGlobal(String)
        case badText
        case integerTooLong(byteCount: Int)
        case stackUnderflow
        case noMark
        case stackTooDeep(limit: Int)
        case memoTooLarge(limit: Int)
        case tooManyValues(limit: Int)
        case unknownMemo(Int)
        case badPersistentID
        case badStorageKey(String)
        case badStorageSize(key: String)
        case setItemOnNonDictionary
        case appendOnNonList
        case keyNotText
        case duplicateKey(String)
        case callOfNonFunction
        case badArguments(function: String)
        case badState
        case rankTooHigh(rank: Int, limit: Int)
        case badStride
        case tensorOutsideStorage
        /// More elements than its storage, through strides of zero.
        case expandedTensor
        case notOneResult
    }

    public let fault: Fault
    /// Bytes from the start of the pickle.
    public let offset: Int

    public var description: String { "\(reason) at byte \(offset) of its pickle" }

    private var reason: String {
        switch fault {
        case .tooLarge(let byteCount, let limit): "a pickle of \(byteCount) bytes, more than \(limit),"
        case .unexpectedEnd: "the pickle ends too early"
        case .bytesAfterStop: "bytes after the end"
        case .forbiddenOperation(let code): "the forbidden operation 0x\(String(code, radix: 16))"
        case .unsupportedProtocol(let version): "the unsupported pickle protocol \(version)"
        case .forbiddenGlobal(let name): "a reference to \(name.quoted), which a state dict does not need,"
        case .badText: "text that is malformed or too long"
        case .integerTooLong(let byteCount): "an integer of \(byteCount) bytes"
        case .stackUnderflow: "an operation without its operands"
        case .noMark: "an operation without its mark"
        case .stackTooDeep(let limit): "a stack of more than \(limit) values"
        case .memoTooLarge(let limit): "a memo of more than \(limit) values"
        case .tooManyValues(let limit): "more than \(limit) values"
        case .unknownMemo(let key): "a use of the memo \(key) that was never set"
        case .badPersistentID: "a persistent id that is not a storage"
        case .badStorageKey(let key): "a storage with the key \(key.quoted)"
        case .badStorageSize(let key): "a size of storage \(key.quoted) that is not that of its record"
        case .setItemOnNonDictionary: "an item set on something that is not a dictionary"
        case .appendOnNonList: "an item appended to something that is not a list"
        case .keyNotText: "a dictionary key that is not text"
        case .duplicateKey(let key): "the key \(key.quoted) twice in a dictionary"
        case .callOfNonFunction: "a call of something that is not a function"
        case .badArguments(let function): "wrong arguments for \(function)"
        case .badState: "a state set on something that has none"
        case .rankTooHigh(let rank, let limit): "a tensor of \(rank) dimensions, more than \(limit),"
        case .badStride: "a tensor with malformed offset, sizes or strides"
        case .tensorOutsideStorage: "a tensor that reaches beyond its storage"
        case .expandedTensor: "a tensor with more elements than its storage"
        case .notOneResult: "an end without exactly one result"
        }
    }
}
