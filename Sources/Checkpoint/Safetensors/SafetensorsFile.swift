public import Foundation

/// One safetensors file, checked completely when opened: every tensor has a known type, a size that fits its bytes, and
/// the tensors cover the file without holes or overlaps.
///
/// A mapped file must not be truncated while it is in use (the system then ends the process with `SIGBUS`); replace
/// files by renaming, or open with `mapped: false`.
public final class SafetensorsFile: TensorSource {
    public let file: URL
    public let tensors: [String: TensorInfo]
    /// The header's `__metadata__`, empty where there is none.
    public let metadata: [String: String]
    private let content: FileBytes
    private let ranges: [String: Range<Int>]

    /// - Parameter mapped: Map the file (tensors are read from disk as they are used) or read it into memory now.
    /// - Throws: ``FileError`` or ``SafetensorsError``.
    public init(_ url: URL, mapped: Bool = true) throws {
        file = url
        content = try FileBytes(url, mapped: mapped)
        let header: SafetensorsHeader
        do throws(SafetensorsHeader.Rejection) { header = try SafetensorsHeader(content.bytes) } catch {
            throw SafetensorsError(file: url, fault: error.fault)
        }
        tensors = header.entries.mapValues(\.info)
        ranges = header.entries.mapValues(\.range)
        metadata = header.metadata
    }

    public func withBytes<R>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        guard let range = ranges[name] else { throw TensorError.missing(name: name, file: file) }
        return try withExtendedLifetime(content) {
            try body(UnsafeRawBufferPointer(rebasing: content.bytes[range]))
        }
    }

    public func relinquish(_ name: String) {
        if let range = ranges[name] { content.relinquish(range) }
    }
}
