/// Little-endian bytes of a number.
func little<I: FixedWidthInteger>(_ value: I) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }

/// A safetensors file from any header text and data, valid or not.
func safetensors(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    little(length ?? UInt64(header.utf8.count)) + Array(header.utf8) + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
}

/// Writes zip files of stored records, with knobs for lies.
struct ZipBuilder {
    struct Record {
        var name: String
        var content: [UInt8]
        var flags: UInt16 = 0
        var method: UInt16 = 0
        /// Sizes written after the data instead of before it, as torch does.
        var usesDescriptor = false
        /// What the local header says instead of the truth.
        var localName: String?
        var localSize: UInt32?
        var packedSize: UInt32?
        var directorySize: UInt32?
        /// Sizes of the directory in a zip64 field.
        var wideSize: UInt64?
        var directoryOffset: UInt32?
    }

    var records: [Record] = []
    var recordCount: Int?
    var directoryOffset: UInt32?
    var comment: [UInt8] = []
    /// A 64-bit end record; the closure may change its fields (count, size, offset).
    var wideEnd: ((inout [UInt64]) -> Void)?

    mutating func add(_ name: String, _ content: [UInt8]) { records.append(Record(name: name, content: content)) }

    func bytes() -> [UInt8] {
        var output: [UInt8] = []
        var directory: [UInt8] = []
        for record in records {
            let offset = UInt32(output.count)
            let size = UInt32(record.content.count)
            let flags = record.flags | (record.usesDescriptor ? 8 : 0)
            let local = Array((record.localName ?? record.name).utf8)
            let localSize = record.localSize ?? (record.usesDescriptor ? 0 : size)
            output += little(UInt32(0x0403_4b50)) + little(UInt16(0)) + little(flags) + little(record.method)
            output += little(UInt32(0)) + little(UInt32(0)) + little(localSize) + little(localSize)
            output += little(UInt16(local.count)) + little(UInt16(0)) + local + record.content
            if record.usesDescriptor {
                output += little(UInt32(0x0807_4b50)) + little(UInt32(0)) + little(size) + little(size)
            }
            let name = Array(record.name.utf8)
            let extra = record.wideSize.map { little(UInt16(1)) + little(UInt16(16)) + little($0) + little($0) } ?? []
            directory += little(UInt32(0x0201_4b50)) + little(UInt16(0)) + little(UInt16(0)) + little(flags)
            directory += little(record.method) + little(UInt32(0)) + little(UInt32(0))
            let wide = record.wideSize != nil
            directory += little(wide ? .max : record.packedSize ?? record.directorySize ?? size)
            directory += little(wide ? .max : record.directorySize ?? size)
            directory +=
                little(UInt16(name.count)) + little(UInt16(extra.count)) + little(UInt16(0)) + little(UInt16(0))
            directory += little(UInt16(0)) + little(UInt32(0)) + little(record.directoryOffset ?? offset) + name + extra
        }
        let start = output.count
        output += directory
        let count = recordCount ?? records.count
        if let wideEnd {
            var fields = [UInt64(count), UInt64(directory.count), UInt64(start)]
            wideEnd(&fields)
            let place = UInt64(output.count)
            output += little(UInt32(0x0606_4b50)) + little(UInt64(44)) + little(UInt32(0)) + little(UInt32(0))
            output += little(UInt32(0)) + little(fields[0]) + little(fields[0]) + little(fields[1]) + little(fields[2])
            output += little(UInt32(0x0706_4b50)) + little(UInt32(0)) + little(place) + little(UInt32(1))
        }
        output += little(UInt32(0x0605_4b50)) + little(UInt16(0)) + little(UInt16(0))
        output += little(UInt16(truncatingIfNeeded: count)) + little(UInt16(truncatingIfNeeded: count))
        output += little(UInt32(directory.count)) + little(directoryOffset ?? UInt32(start))
        return output + little(UInt16(comment.count)) + comment
    }
}

/// Writes pickles operation by operation.
enum Pickle {
    static let mark: [UInt8] = [0x28], stop: [UInt8] = [0x2e], tuple: [UInt8] = [0x74], reduce: [UInt8] = [0x52]
    static let emptyDictionary: [UInt8] = [0x7d], emptyList: [UInt8] = [0x5d], emptyTuple: [UInt8] = [0x29]
    static let setItem: [UInt8] = [0x73], setItems: [UInt8] = [0x75], append: [UInt8] = [0x61]
    static let persistentID: [UInt8] = [0x51], build: [UInt8] = [0x62], no: [UInt8] = [0x89], none: [UInt8] = [0x4e]
    static let header: [UInt8] = [0x80, 2]

    static func text(_ text: String) -> [UInt8] { [0x58] + little(UInt32(text.utf8.count)) + Array(text.utf8) }
    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
    static func integer(_ value: Int) -> [UInt8] {
        Int32(exactly: value).map { [0x4a] + little($0) } ?? [0x8a, 8] + little(Int64(value))
    }
    static func tuple(_ items: [[UInt8]]) -> [UInt8] { mark + items.joined() + tuple }
    static func integers(_ values: [Int]) -> [UInt8] { tuple(values.map(integer)) }

    static func storage(
        type: String = "FloatStorage", key: String = "0", count: Int, tag: String = "storage"
    ) -> [UInt8] {
        tuple([text(tag), global("torch", type), text(key), text("cpu"), integer(count)]) + persistentID
    }

    static func tensor(_ storage: [UInt8], offset: Int = 0, shape: [Int], strides: [Int]) -> [UInt8] {
        global("torch._utils", "_rebuild_tensor_v2")
            + tuple([
                storage, integer(offset), integers(shape), integers(strides), no,
                global("collections", "OrderedDict") + emptyTuple + reduce,
            ]) + reduce
    }

    static func dictionary(_ items: [(String, [UInt8])]) -> [UInt8] {
        emptyDictionary + mark + items.flatMap { text($0.0) + $0.1 } + setItems
    }

    /// A whole pickle.
    static func file(_ body: [UInt8]) -> [UInt8] { header + body + stop }

    /// A torch archive with the given pickle and f32 storages.
    static func archive(_ pickle: [UInt8], storages: [[Float]] = [[0, 1, 2, 3, 4, 5]]) -> ZipBuilder {
        var zip = ZipBuilder()
        zip.add("archive/data.pkl", pickle)
        zip.add("archive/byteorder", Array("little".utf8))
        for (key, values) in storages.enumerated() {
            zip.add("archive/data/\(key)", values.flatMap { little($0.bitPattern) })
        }
        zip.add("archive/version", Array("3\n".utf8))
        return zip
    }
}
