public import Foundation

/// A safetensors file breaks a rule of the format or one of our limits.
public struct SafetensorsError: CheckpointProblem, Equatable {
    /// One case for each rule.
    public enum Fault: Sendable, Equatable {
        /// Fewer than the 8 bytes that give the header's length.
        case tooShort(byteCount: Int)
        /// The header's length is beyond the format's 100 MB or our 16 MiB.
        case headerTooLong(byteCount: UInt64, limit: Int)
        case headerBeyondEnd(byteCount: Int, fileByteCount: Int)
        case headerNotObject
        case header(StrictJSONError)
        case metadataNotStrings
        case tooManyTensors(count: Int, limit: Int)
        /// Empty, longer than the limit, or with control characters.
        case badName(String)
        /// Two names that differ only in Unicode composition.
        case ambiguousName(String)
        case badEntry(name: String)
        case unsupportedType(name: String, type: String)
        case badShape(name: String)
        case rankTooHigh(name: String, rank: Int, limit: Int)
        case sizeOverflow(name: String)
        case badOffsets(name: String)
        case wrongByteCount(name: String, expected: Int, found: Int)
        /// Bytes that belong to no tensor before this one.
        case hole(name: String, byteCount: Int)
        case overlap(name: String)
        /// The tensors end elsewhere than the file.
        case wrongEnd(tensorsEnd: Int, fileByteCount: Int)
    }

    public let file: URL
    public let fault: Fault

    public var description: String {
        switch fault {
        case .tooShort, .headerBeyondEnd: "\(place) is cut off or not a safetensors file (\(reason)); download it again"
        default: "\(place) is not a valid safetensors file: \(reason); get an undamaged copy or export it again"
        }
    }

    private var reason: String {
        switch fault {
        case .tooShort(let byteCount): "it has \(byteCount) bytes, too few for a header"
        case .headerTooLong(let byteCount, let limit): "its header claims \(byteCount) bytes, more than \(limit)"
        case .headerBeyondEnd(let byteCount, let total):
            "its header claims \(byteCount) bytes, the file has \(total)"
        case .headerNotObject: "its header does not begin with {"
        case .header(let error): "in its header, \(error)"
        case .metadataNotStrings: "its __metadata__ holds something other than strings"
        case .tooManyTensors(let count, let limit): "it has \(count) tensors, more than \(limit)"
        case .badName(let name): "\(name.quoted) is not an acceptable tensor name"
        case .ambiguousName(let name): "the tensor name \(name.quoted) appears in two spellings"
        case .badEntry(let name):
            "the entry of tensor \(name.quoted) does not consist of dtype, shape and data_offsets"
        case .unsupportedType(let name, let type): "tensor \(name.quoted) has the unsupported type \(type.quoted)"
        case .badShape(let name): "the shape of tensor \(name.quoted) is not a list of sizes"
        case .rankTooHigh(let name, let rank, let limit):
            "tensor \(name.quoted) has \(rank) dimensions, more than \(limit)"
        case .sizeOverflow(let name): "the size of tensor \(name.quoted) overflows"
        case .badOffsets(let name): "the data_offsets of tensor \(name.quoted) are not a range of bytes"
        case .wrongByteCount(let name, let expected, let found):
            "tensor \(name.quoted) needs \(expected) bytes but has \(found)"
        case .hole(let name, let byteCount): "\(byteCount) bytes before tensor \(name.quoted) belong to no tensor"
        case .overlap(let name): "tensor \(name.quoted) overlaps another one"
        case .wrongEnd(let end, let total):
            end > total
                ? "it is cut off: its tensors need \(end) bytes, the file has \(total)"
                : "its tensors end at byte \(end) but the file at \(total)"
        }
    }
}
