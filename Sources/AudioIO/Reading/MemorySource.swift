import CSndFile
import Glibc

/// Bytes in memory that libsndfile reads as if they were a file.
final class MemorySource {
    private let bytes: [UInt8]
    private var position = 0

    /// This object must outlive every handle opened on it.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Opens a decoder on the bytes; nil where libsndfile refuses them.
    func open(_ info: inout SF_INFO) -> OpaquePointer? {
        var io = SF_VIRTUAL_IO(
            get_filelen: { sf_count_t(source($0)?.bytes.count ?? 0) },
            seek: { source($2)?.seek(to: Int($0), from: $1) ?? -1 },
            read: { source($2)?.read(into: $0, count: Int($1)) ?? 0 },
            write: { _, _, _ in 0 },
            tell: { sf_count_t(source($0)?.position ?? -1) })
        return sf_open_virtual(&io, Int32(SFM_READ), &info, Unmanaged.passUnretained(self).toOpaque())
    }

    private func seek(to offset: Int, from whence: Int32) -> sf_count_t {
        let base: Int
        switch whence {
        case SEEK_SET: base = 0
        case SEEK_CUR: base = position
        case SEEK_END: base = bytes.count
        default: return -1
        }
        let (target, overflow) = base.addingReportingOverflow(offset)
        guard !overflow, target >= 0, target <= bytes.count else { return -1 }
        position = target
        return sf_count_t(target)
    }

    private func read(into buffer: UnsafeMutableRawPointer?, count: Int) -> sf_count_t {
        let taken = max(0, min(count, bytes.count - position))
        guard taken > 0, let buffer else { return 0 }
        bytes.withUnsafeBytes { raw in
            UnsafeMutableRawBufferPointer(start: buffer, count: taken)
                .copyBytes(from: raw[position..<position + taken])
        }
        position += taken
        return sf_count_t(taken)
    }
}

/// The source behind libsndfile's user pointer.
private func source(_ user: UnsafeMutableRawPointer?) -> MemorySource? {
    user.map { Unmanaged<MemorySource>.fromOpaque($0).takeUnretainedValue() }
}
