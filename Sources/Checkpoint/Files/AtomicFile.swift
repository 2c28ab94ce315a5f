import Foundation

/// A file that appears under its name only when it is complete: written under a temporary name in the same folder,
/// synchronised to the disk and then renamed. Unless committed it is removed when this object goes.
final class AtomicFile {
    private let target: URL
    private let temporary: URL
    private var descriptor: Int32
    private var buffer: [UInt8] = []

    /// - Throws: ``FileError``, as do all functions.
    init(_ target: URL) throws(FileError) {
        // Renaming onto a device would replace the device.
        var status = stat()
        if stat(target.filePath, &status) == 0, status.st_mode & S_IFMT != S_IFREG { throw .notRegular(file: target) }
        self.target = target
        let tag = String(UInt64.random(in: 0 ... .max), radix: 36)
        temporary = target.deletingLastPathComponent().file(".\(target.lastPathComponent).\(tag).partial")
        descriptor = open(temporary.filePath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system(doing: .create, file: target, code: errno) }
    }

    deinit {
        if descriptor >= 0 {
            close(descriptor)
            unlink(temporary.filePath)
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        if bytes.count < 1 << 16 {
            buffer.append(contentsOf: bytes)
            if buffer.count >= 1 << 20 { try flush() }
        } else {
            try flush()
            try writeAll(bytes)
        }
    }

    func write(_ bytes: [UInt8]) throws(FileError) {
        buffer.append(contentsOf: bytes)
        try flush()
    }

    /// Makes the file appear under its name, replacing what was there.
    func commit() throws(FileError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw .system(doing: .write, file: target, code: errno) }
        guard rename(temporary.filePath, target.filePath) == 0 else {
            throw .system(doing: .rename, file: target, code: errno)
        }
        close(descriptor)
        descriptor = -1
        Self.synchronise(folder: target.deletingLastPathComponent())
    }

    /// Writes a folder's entries to the disk, as far as the file system can.
    static func synchronise(folder: URL) {
        let descriptor = open(folder.filePath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private func flush() throws(FileError) {
        guard !buffer.isEmpty else { return }
        let result: Result<Void, FileError> = buffer.withUnsafeBytes { bytes in
            do throws(FileError) { return .success(try writeAll(bytes)) } catch { return .failure(error) }
        }
        try result.get()
        buffer.removeAll(keepingCapacity: true)
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let written = Foundation.write(descriptor, part.baseAddress, min(part.count, 1 << 30))
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw .system(doing: .write, file: target, code: written == 0 ? EIO : errno) }
            rest = rest.dropFirst(written)
        }
    }
}

/// Bytes free for this user on the disk that holds `folder`; nil where the system does not say.
func freeSpace(at folder: URL) -> Int? {
    var status = statvfs()
    guard statvfs(folder.filePath, &status) == 0 else { return nil }
    return Int(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
}
