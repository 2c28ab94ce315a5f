import Foundation

/// The bytes of a whole file, mapped or in memory, for as long as this object lives.
///
/// The file is opened once and its size taken from the open descriptor, before and after. A mapped file that another
/// program **truncates** later ends this process with `SIGBUS`, which no check can prevent: replace checkpoints by
/// renaming (as this library does), or read with `mapped: false`.
///
/// `@unchecked Sendable`: the memory is never written after `init`, and is released only by `deinit`.
final class FileBytes: @unchecked Sendable {
    let file: URL
    let bytes: UnsafeRawBufferPointer
    private let mapped: Bool

    /// - Parameter limit: The most bytes that such a file may have.
    /// - Throws: ``FileError``.
    init(_ file: URL, mapped: Bool = true, limit: Int = .max) throws(FileError) {
        self.file = file
        let descriptor = open(file.filePath, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system(doing: .open, file: file, code: errno) }
        defer { close(descriptor) }
        let before = try Self.status(descriptor, file)
        guard before.st_mode & S_IFMT == S_IFREG else { throw .notRegular(file: file) }
        let count = Int(before.st_size)
        guard count <= limit else { throw .tooLarge(file: file, byteCount: count, limit: limit) }
        self.mapped = mapped && count > 0
        if self.mapped {
            guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
                throw .system(doing: .map, file: file, code: errno)
            }
            bytes = UnsafeRawBufferPointer(start: start, count: count)
        } else {
            guard let memory = malloc(max(count, 1)) else { throw .system(doing: .read, file: file, code: ENOMEM) }
            bytes = UnsafeRawBufferPointer(start: memory, count: count)
            var offset = 0
            while offset < count {
                let got = pread(descriptor, memory + offset, count - offset, off_t(offset))
                if got < 0 && errno == EINTR { continue }
                // The end came early: the file shrank, which the comparison below reports.
                guard got > 0 else {
                    let code = errno
                    if got == 0 { throw .changedWhileReading(file: file) }
                    throw .system(doing: .read, file: file, code: code)
                }
                offset += got
            }
        }
        let after = try Self.status(descriptor, file)
        guard after.st_size == before.st_size, after.st_mtim.tv_sec == before.st_mtim.tv_sec,
            after.st_mtim.tv_nsec == before.st_mtim.tv_nsec
        else { throw .changedWhileReading(file: file) }
    }

    deinit {
        let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        if mapped { munmap(start, bytes.count) } else { free(start) }
    }

    /// Gives the memory of whole pages inside `range` back to the system where the file is mapped.
    func relinquish(_ range: Range<Int>) {
        guard mapped, let start = bytes.baseAddress else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let first = (range.lowerBound + page - 1) / page * page
        let last = range.upperBound / page * page
        if first < last { madvise(UnsafeMutableRawPointer(mutating: start + first), last - first, MADV_DONTNEED) }
    }

    private static func status(_ descriptor: Int32, _ file: URL) throws(FileError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(doing: .read, file: file, code: errno) }
        return status
    }
}

/// Whether a path leads to a regular file.
func isRegularFile(_ file: URL) -> Bool {
    var status = stat()
    return stat(file.filePath, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}
