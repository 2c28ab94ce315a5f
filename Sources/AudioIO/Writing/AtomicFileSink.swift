import Glibc

/// A file that appears under its name when it is finished, whole, and not before.
///
/// The bytes go to a file without a name where the system has such (so that even a killed process
/// leaves nothing behind), else to a hidden sibling that is removed when the work is given up.
final class AtomicFileSink: ByteSink {
    var name: String { target }
    let canPatch = true
    var byteCount: Int { bytes.byteCount }

    private let target: String
    private let descriptor: Int32
    private let bytes: DescriptorSink
    /// The hidden sibling; nil while the file has no name.
    private var sibling: String?
    private var isOpen = true

    /// `O_TMPFILE`, which Swift does not import: the file has no name until it is linked.
    private static let unnamed = 0o20_000_000 | O_DIRECTORY

    /// - Parameters:
    ///   - path: the final name; a symbolic link is followed.
    ///   - allowsUnnamed: false forces the hidden sibling.
    init(path: String, allowsUnnamed: Bool = true) throws(AudioWriteError) {
        target = path
        let folder = Self.folder(of: path)
        var opened: Int32 = -1
        if allowsUnnamed && access("/proc/self/fd", X_OK) == 0 {
            opened = open(folder, Self.unnamed | O_RDWR | O_CLOEXEC, 0o666)
        }
        if opened < 0 {
            let name = Self.siblingName(of: path)
            opened = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
            guard opened >= 0 else {
                switch errno {
                case ENOENT, ENOTDIR: throw .noFolder(destination: path)
                case ENOSPC, EDQUOT: throw .diskFull(destination: path, bytesWritten: 0)
                default: throw .cannotCreate(destination: path, reason: reason(errno))
                }
            }
            sibling = name
        }
        descriptor = opened
        bytes = DescriptorSink(opened, name: path, closesDescriptor: true)
    }

    deinit { abandon() }

    func write(_ piece: UnsafeRawBufferPointer) throws(AudioWriteError) {
        guard isOpen else { throw .closed(destination: name) }
        try bytes.write(piece)
    }

    func patch(_ piece: UnsafeRawBufferPointer, at offset: Int) throws(AudioWriteError) {
        guard isOpen else { throw .closed(destination: name) }
        try bytes.patch(piece, at: offset)
    }

    func finish() throws(AudioWriteError) {
        guard isOpen else { return }
        defer { abandon() }
        if sibling == nil {
            let name = Self.siblingName(of: target)
            let linked = linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, name, AT_SYMLINK_FOLLOW)
            guard linked == 0 else { throw failure(errno) }
            sibling = name
        }
        try bytes.finish()
        guard let name = sibling, rename(name, target) == 0 else { throw failure(errno) }
        sibling = nil
    }

    func abandon() {
        guard isOpen else { return }
        isOpen = false
        bytes.abandon()
        if let sibling { unlink(sibling) }
        sibling = nil
    }

    private func failure(_ code: Int32) -> AudioWriteError {
        if code == ENOSPC || code == EDQUOT { return .diskFull(destination: target, bytesWritten: byteCount) }
        return .writeFailed(destination: target, reason: reason(code), bytesWritten: byteCount)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A hidden name beside `path` that no other writer uses.
    private static func siblingName(of path: String) -> String {
        let mark = String(UInt64.random(in: .min ... .max), radix: 36)
        return "\(folder(of: path))/.mynah-\(getpid())-\(mark).part"
    }
}
