public import Foundation

/// Tensors to be written do not make a proper safetensors file.
public enum SafetensorsWriteError: CheckpointProblem, Equatable {
    case badName(String, file: URL)
    case duplicateName(String, file: URL)
    case wrongByteCount(name: String, expected: Int, written: Int, file: URL)

    public var file: URL {
        switch self {
        case .badName(_, let file), .duplicateName(_, let file), .wrongByteCount(_, _, _, let file): file
        }
    }

    public var description: String {
        switch self {
        case .badName(let name, _): "cannot write \(place): \(name.quoted) is not an acceptable tensor name; rename it"
        case .duplicateName(let name, _): "cannot write \(place): two tensors are named \(name.quoted); rename one"
        case .wrongByteCount(let name, let expected, let written, _):
            "cannot write \(place): tensor \(name.quoted) has \(written) bytes where its shape needs \(expected); "
                + "correct its shape"
        }
    }
}

/// Writes a safetensors file. Tensors are added first and produce their bytes only when ``write(to:progress:)`` reaches
/// them, so that a large file never needs to be in memory.
public struct SafetensorsWriter {
    /// Takes the next bytes of a tensor, in any portions.
    public typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    private var entries: [(info: TensorInfo, produce: (Sink) throws -> Void)] = []
    private let metadata: [String: String]

    /// - Parameter metadata: Goes into the header's `__metadata__`.
    public init(metadata: [String: String] = [:]) { self.metadata = metadata }

    /// Adds a tensor whose little-endian bytes are produced on demand.
    public mutating func add(_ info: TensorInfo, produce: @escaping (_ sink: Sink) throws -> Void) {
        entries.append((info, produce))
    }

    /// Adds a floating-point tensor.
    ///
    /// - Parameter type: The type to store, one for which ``ElementType/isReadableAsFloat`` holds.
    public mutating func add(_ name: String, shape: [Int], floats: [Float], as type: ElementType = .f32) {
        add(TensorInfo(name: name, type: type, shape: shape)) { sink in
            try FloatConversion.stream(floats.count, as: type, into: sink) { range, target in
                _ = target.update(fromContentsOf: floats[range])
            }
        }
    }

    /// Adds an i64 tensor.
    public mutating func add(_ name: String, shape: [Int], integers: [Int]) {
        add(TensorInfo(name: name, type: .i64, shape: shape)) { sink in
            try integers.map { Int64($0).littleEndian }.withUnsafeBytes { try sink($0) }
        }
    }

    /// Adds a tensor of any type from its little-endian bytes.
    public mutating func add(_ name: String, type: ElementType, shape: [Int], bytes: [UInt8]) {
        add(TensorInfo(name: name, type: type, shape: shape)) { sink in try bytes.withUnsafeBytes { try sink($0) } }
    }

    /// Bytes that the file will have, but for its header.
    public var byteCount: Int { entries.reduce(0) { $0 + $1.info.byteCount } }

    /// Writes the file under a temporary name in the same folder and renames it when it is complete and on the disk.
    /// Whatever goes wrong, no half-written file remains.
    ///
    /// - Parameter progress: Called after each tensor with the bytes written so far.
    /// - Throws: ``SafetensorsWriteError``, ``FileError``, or what a tensor's producer throws.
    public func write(to file: URL, progress: ((_ bytesWritten: Int) -> Void)? = nil) throws {
        var names: Set<String> = []
        for entry in entries {
            let name = entry.info.name
            guard TensorName.isAcceptable(name), name != "__metadata__" else {
                throw SafetensorsWriteError.badName(name, file: file)
            }
            guard names.insert(name).inserted else { throw SafetensorsWriteError.duplicateName(name, file: file) }
        }
        // Wide elements first keeps every tensor aligned to its element, by name makes the file reproducible.
        let ordered = entries.sorted {
            ($1.info.type.byteCount, $0.info.name) < ($0.info.type.byteCount, $1.info.name)
        }
        let output = try AtomicFile(file)
        try output.write(header(ordered.map(\.info)))
        var total = 0
        for entry in ordered {
            var written = 0
            try entry.produce { bytes in
                written += bytes.count
                guard written <= entry.info.byteCount else {
                    throw SafetensorsWriteError.wrongByteCount(
                        name: entry.info.name, expected: entry.info.byteCount, written: written, file: file)
                }
                try output.write(bytes)
            }
            guard written == entry.info.byteCount else {
                throw SafetensorsWriteError.wrongByteCount(
                    name: entry.info.name, expected: entry.info.byteCount, written: written, file: file)
            }
            total += written
            progress?(total)
        }
        try output.commit()
    }

    /// The length, the JSON object, and spaces up to a multiple of 8.
    private func header(_ infos: [TensorInfo]) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(Self.json($0.key)):\(Self.json($0.value))" }
            members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for info in infos {
            let shape = info.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(Self.json(info.name)):{\"dtype\":\"\(info.type.safetensorsName)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(offset + info.byteCount)]}")
            offset += info.byteCount
        }
        var text = Array("{\(members.joined(separator: ","))}".utf8)
        while text.count % 8 != 0 { text.append(0x20) }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text
    }

    private static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..."\u{1f}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension FloatConversion {
    /// Produces `count` elements portion by portion: `fill` provides floats, `sink` gets them in the stored form.
    static func stream(
        _ count: Int, as type: ElementType, into sink: SafetensorsWriter.Sink,
        fill: (Range<Int>, UnsafeMutableBufferPointer<Float>) throws -> Void
    ) throws {
        let portion = 1 << 18
        let floats = UnsafeMutableBufferPointer<Float>.allocate(capacity: min(portion, max(count, 1)))
        floats.initialize(repeating: 0)
        defer { floats.deallocate() }
        let stored = UnsafeMutableRawBufferPointer.allocate(byteCount: floats.count * type.byteCount, alignment: 16)
        defer { stored.deallocate() }
        guard let target = stored.baseAddress else { return }
        var start = 0
        while start < count {
            let range = start..<min(start + portion, count)
            let part = UnsafeMutableBufferPointer(rebasing: floats[..<range.count])
            try fill(range, part)
            write(UnsafeBufferPointer(part), as: type, into: target)
            try sink(UnsafeRawBufferPointer(rebasing: stored[..<(range.count * type.byteCount)]))
            start = range.upperBound
        }
    }
}
