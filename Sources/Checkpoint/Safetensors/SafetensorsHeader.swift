import Foundation

/// The checked header of a safetensors file: where each tensor's bytes are.
struct SafetensorsHeader {
    /// A tensor and its bytes, counted from the start of the file.
    struct Entry {
        let info: TensorInfo
        let range: Range<Int>
    }

    /// Our limits, beyond those of the format.
    static let byteLimit = 16 << 20
    static let tensorLimit = 20_000
    static let nameLimit = 512
    static let rankLimit = 8

    let entries: [String: Entry]
    let metadata: [String: String]

    /// Reads and checks the header against the whole file.
    init(_ bytes: UnsafeRawBufferPointer) throws(Rejection) {
        guard bytes.count >= 8 else { throw Rejection(.tooShort(byteCount: bytes.count)) }
        let claimed = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        guard claimed <= UInt64(Self.byteLimit) else {
            throw Rejection(.headerTooLong(byteCount: claimed, limit: Self.byteLimit))
        }
        let length = Int(claimed)
        guard length <= bytes.count - 8 else {
            throw Rejection(.headerBeyondEnd(byteCount: length, fileByteCount: bytes.count))
        }
        guard length > 0, bytes[8] == UInt8(ascii: "{") else { throw Rejection(.headerNotObject) }
        let header = try Self.members(UnsafeRawBufferPointer(rebasing: bytes[8..<(8 + length)]))

        let count = header.members.count - (header["__metadata__"] == nil ? 0 : 1)
        guard count <= Self.tensorLimit else { throw Rejection(.tooManyTensors(count: count, limit: Self.tensorLimit)) }

        var metadata: [String: String] = [:]
        var entries: [String: Entry] = [:]
        let start = 8 + length
        for (name, value) in header.members {
            if name == "__metadata__" {
                metadata = try Self.metadata(value)
            } else {
                let entry = try Self.entry(name, value, start: start, limit: bytes.count)
                guard entries.updateValue(entry, forKey: name) == nil else { throw Rejection(.ambiguousName(name)) }
            }
        }
        try Self.checkLayout(Array(entries.values), start: start, end: bytes.count)
        self.entries = entries
        self.metadata = metadata
    }

    private static func members(_ bytes: UnsafeRawBufferPointer) throws(Rejection) -> JSONObject {
        // The format pads with spaces only, other white space at the end is a fault.
        let end = (bytes.lastIndex { $0 != 0x20 } ?? 0) + 1
        guard bytes[end - 1] == UInt8(ascii: "}") else {
            throw Rejection(.header(Self.trailing(bytes, end: end)))
        }
        let limits = StrictJSON.Limits(
            byteCount: byteLimit, depth: 4, valueCount: tensorLimit * (rankLimit + 8))
        let value: JSONValue
        do throws(StrictJSONError) {
            value = try StrictJSON.parse(UnsafeRawBufferPointer(rebasing: bytes[..<end]), limits: limits)
        } catch { throw Rejection(.header(error)) }
        guard let object = value.asObject else { throw Rejection(.headerNotObject) }
        return object
    }

    /// What is wrong with a header that does not end in a brace: the reader's own finding, or text after the end.
    private static func trailing(_ bytes: UnsafeRawBufferPointer, end: Int) -> StrictJSONError {
        do throws(StrictJSONError) { _ = try StrictJSON.parse(bytes) } catch { return error }
        return StrictJSONError(fault: .textAfterTheEnd, offset: end - 1, line: 1, column: end)
    }

    private static func metadata(_ value: JSONValue) throws(Rejection) -> [String: String] {
        guard let object = value.asObject else { throw Rejection(.metadataNotStrings) }
        var result: [String: String] = [:]
        for (key, value) in object.members {
            guard let text = value.asString else { throw Rejection(.metadataNotStrings) }
            result[key] = text
        }
        return result
    }

    private static func entry(
        _ name: String, _ value: JSONValue, start: Int, limit: Int
    ) throws(Rejection) -> Entry {
        guard TensorName.isAcceptable(name) else { throw Rejection(.badName(name)) }
        guard let object = value.asObject, object.members.count == 3, let typeName = object["dtype"]?.asString,
            let dimensions = object["shape"]?.asArray, let offsets = object["data_offsets"]?.asArray
        else { throw Rejection(.badEntry(name: name)) }
        guard let type = ElementType(safetensorsName: typeName) else {
            throw Rejection(.unsupportedType(name: name, type: typeName))
        }
        guard dimensions.count <= rankLimit else {
            throw Rejection(.rankTooHigh(name: name, rank: dimensions.count, limit: rankLimit))
        }
        var shape: [Int] = []
        for dimension in dimensions {
            guard case .integer(let size) = dimension, size >= 0 else { throw Rejection(.badShape(name: name)) }
            shape.append(size)
        }
        guard let byteCount = shape.checkedProduct?.times(type.byteCount) else {
            throw Rejection(.sizeOverflow(name: name))
        }
        guard offsets.count == 2, case .integer(let begin) = offsets[0], case .integer(let end) = offsets[1],
            begin >= 0, end >= begin, let first = begin.plus(start), let last = end.plus(start)
        else { throw Rejection(.badOffsets(name: name)) }
        guard end - begin == byteCount else {
            throw Rejection(.wrongByteCount(name: name, expected: byteCount, found: end - begin))
        }
        return Entry(info: TensorInfo(name: name, type: type, shape: shape), range: first..<last)
    }

    /// The tensors must cover the bytes from `start` to `end` once.
    private static func checkLayout(_ entries: [Entry], start: Int, end: Int) throws(Rejection) {
        var covered = start
        let inOrder = entries.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        for entry in inOrder {
            if entry.range.lowerBound > covered {
                throw Rejection(.hole(name: entry.info.name, byteCount: entry.range.lowerBound - covered))
            }
            if entry.range.lowerBound < covered { throw Rejection(.overlap(name: entry.info.name)) }
            covered = entry.range.upperBound
        }
        guard covered == end else { throw Rejection(.wrongEnd(tensorsEnd: covered, fileByteCount: end)) }
    }

    /// A fault before the file's name is known.
    struct Rejection: Error {
        let fault: SafetensorsError.Fault
        init(_ fault: SafetensorsError.Fault) { self.fault = fault }
    }
}

/// What a tensor may be called, in any of the formats.
enum TensorName {
    /// Not empty, at most 512 bytes, no control characters.
    static func isAcceptable(_ name: String) -> Bool {
        (1...SafetensorsHeader.nameLimit).contains(name.utf8.count)
            && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    }
}
