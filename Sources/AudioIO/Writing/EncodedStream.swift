import CSndFile
import Glibc

/// A sink as libsndfile's encoders want it: with a position that they may set back to correct a header.
///
/// On a sink that cannot be changed afterwards, corrections are dropped: flac, ogg, opus and mp3 stay
/// valid, only their headers do not tell the length.
final class EncodedStream {
    let sink: any ByteSink
    /// The first fault of the sink; libsndfile itself only sees a short write.
    private(set) var fault: AudioWriteError?
    /// Set to swallow what an abandoned encoder still writes.
    var isDiscarding = false
    /// Where the encoder's bytes begin: after what the sink had before.
    private let start: Int
    private var position = 0
    private var length = 0

    init(_ sink: any ByteSink) {
        self.sink = sink
        start = sink.byteCount
    }

    /// Opens an encoder that writes here. This object must outlive it.
    func open(_ info: inout SF_INFO) -> OpaquePointer? {
        var io = SF_VIRTUAL_IO(
            get_filelen: { sf_count_t(stream($0)?.length ?? 0) },
            seek: { stream($2)?.seek(to: Int($0), from: $1) ?? -1 },
            read: { _, _, _ in 0 },
            write: { stream($2)?.write($0, count: Int($1)) ?? 0 },
            tell: { sf_count_t(stream($0)?.position ?? -1) })
        return sf_open_virtual(&io, Int32(SFM_WRITE), &info, Unmanaged.passUnretained(self).toOpaque())
    }

    private func seek(to offset: Int, from whence: Int32) -> sf_count_t {
        let target: Int
        switch whence {
        case SEEK_SET: target = offset
        case SEEK_CUR: target = position + offset
        case SEEK_END: target = length + offset
        default: return -1
        }
        guard (0...length).contains(target) else { return -1 }
        position = target
        return sf_count_t(target)
    }

    private func write(_ source: UnsafeRawPointer?, count: Int) -> sf_count_t {
        guard let source, count > 0, fault == nil else { return 0 }
        let bytes = UnsafeRawBufferPointer(start: source, count: count)
        let corrected = min(count, length - position)
        if !isDiscarding {
            fault = caught { () throws(AudioWriteError) in
                if corrected > 0 && sink.canPatch {
                    try sink.patch(UnsafeRawBufferPointer(rebasing: bytes[..<corrected]), at: start + position)
                }
                if corrected < count {
                    try sink.write(UnsafeRawBufferPointer(rebasing: bytes[corrected...]))
                }
            }
            guard fault == nil else { return 0 }
        }
        position += count
        length = max(length, position)
        return sf_count_t(count)
    }
}

/// The stream behind libsndfile's user pointer.
private func stream(_ user: UnsafeMutableRawPointer?) -> EncodedStream? {
    user.map { Unmanaged<EncodedStream>.fromOpaque($0).takeUnretainedValue() }
}
