public import Foundation

/// Name, element type and shape of a stored tensor.
public struct TensorInfo: Sendable, Equatable {
    public let name: String
    public let type: ElementType
    /// Dimensions, outermost first; empty for a scalar.
    public let shape: [Int]
    /// Elements. The readers have checked that this product and ``byteCount`` do not overflow.
    public let count: Int

    /// - Parameter shape: Dimensions, none negative, whose product fits an `Int`; a programmer's duty, not checked
    ///   here in release builds beyond Swift's own overflow check.
    public init(name: String, type: ElementType, shape: [Int]) {
        self.name = name
        self.type = type
        self.shape = shape
        count = shape.reduce(1, *)
    }

    /// Bytes of the tensor when contiguous.
    public var byteCount: Int { count * type.byteCount }
}

/// A read-only set of named tensors.
public protocol TensorSource: Sendable {
    /// The file that the tensors come from, for error texts.
    var file: URL { get }
    /// All tensors by name.
    var tensors: [String: TensorInfo] { get }
    /// Lends the raw little-endian bytes of a tensor, row-major and contiguous. The pointer may be unaligned and is
    /// valid only inside `body`.
    ///
    /// - Throws: ``TensorError/missing(name:file:)`` and whatever `body` throws.
    func withBytes<R>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R
    /// Says that a tensor's bytes will not be read again soon. A mapped file gives the memory back, so that weights that
    /// are converted one by one do not stay in memory twice; reading again is always possible.
    func relinquish(_ name: String)
}

extension TensorSource {
    public func relinquish(_: String) {}
}

/// A tensor that was asked for cannot be had in the wished form.
public enum TensorError: CheckpointProblem, Equatable {
    case missing(name: String, file: URL)
    case notFloat(name: String, type: ElementType, file: URL)
    case notInteger(name: String, type: ElementType, file: URL)
    case wrongCount(name: String, expected: Int, found: Int, file: URL)

    public var file: URL {
        switch self {
        case .missing(_, let file), .notFloat(_, _, let file), .notInteger(_, _, let file),
            .wrongCount(_, _, _, let file):
            file
        }
    }

    public var description: String {
        switch self {
        case .missing(let name, _):
            "\(place) has no tensor \(name.quoted); use the complete checkpoint it belongs to"
        case .notFloat(let name, let type, _):
            "tensor \(name.quoted) in \(place) holds \(type.rawValue) where floating-point numbers are needed; "
                + "export it as f32, f16 or bf16"
        case .notInteger(let name, let type, _):
            "tensor \(name.quoted) in \(place) holds \(type.rawValue) where integers are needed; export it as i64 or i32"
        case .wrongCount(let name, let expected, let found, _):
            "tensor \(name.quoted) in \(place) has \(found) elements where \(expected) are needed; "
                + "use a checkpoint that matches its config.json"
        }
    }
}

extension TensorSource {
    /// The tensor's description.
    ///
    /// - Throws: ``TensorError/missing(name:file:)``.
    public func info(_ name: String) throws(TensorError) -> TensorInfo {
        guard let info = tensors[name] else { throw .missing(name: name, file: file) }
        return info
    }

    /// A tensor's elements as `Float`, from f32, f16, bf16 or f64.
    ///
    /// - Throws: ``TensorError``.
    public func floats(_ name: String) throws -> [Float] {
        let info = try info(name)
        guard info.type.isReadableAsFloat else { throw TensorError.notFloat(name: name, type: info.type, file: file) }
        return try [Float](unsafeUninitializedCapacity: info.count) { buffer, initialised in
            try readFloats(name, into: UnsafeMutableBufferPointer(rebasing: buffer[..<info.count]))
            initialised = info.count
        }
    }

    /// Reads a tensor's elements as `Float` into memory of exactly that many elements (it may be uninitialised).
    ///
    /// - Throws: ``TensorError``.
    public func readFloats(_ name: String, into target: UnsafeMutableBufferPointer<Float>) throws {
        let info = try info(name)
        guard info.type.isReadableAsFloat else { throw TensorError.notFloat(name: name, type: info.type, file: file) }
        guard target.count == info.count else {
            throw TensorError.wrongCount(name: name, expected: target.count, found: info.count, file: file)
        }
        try withBytes(of: name) { FloatConversion.read($0, as: info.type, into: target) }
    }

    /// A tensor's elements as `Int`, from any integer type or bool.
    ///
    /// - Throws: ``TensorError``; u64 elements beyond `Int.max` are clamped to it.
    public func integers(_ name: String) throws -> [Int] {
        let info = try info(name)
        return try withBytes(of: name) { bytes in
            func read<I: FixedWidthInteger>(_: I.Type) -> [Int] {
                (0..<info.count).map {
                    Int(clamping: I(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * I.bitWidth / 8, as: I.self)))
                }
            }
            return switch info.type {
            case .i64: read(Int64.self)
            case .i32: read(Int32.self)
            case .i16: read(Int16.self)
            case .i8: read(Int8.self)
            case .u64: read(UInt64.self)
            case .u32: read(UInt32.self)
            case .u16: read(UInt16.self)
            case .u8, .bool: read(UInt8.self)
            default: throw TensorError.notInteger(name: name, type: info.type, file: file)
            }
        }
    }
}
