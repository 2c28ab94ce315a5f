import CArchive

/// Writes a zip archive piece by piece: what came out is taken away while more is put in, so that an archive of any size
/// takes little memory. Not for use by two tasks at once.
public final class ZipWriter {
    /// Where the library's callback puts bytes.
    private final class Output { var bytes: [UInt8] = [] }

    private let archive: OpaquePointer
    private let output = Output()
    private let seconds: Int
    private var isFinished = false

    /// - Parameter seconds: The time of all entries, since 1970.
    /// - Throws: ``ArchiveError/notWritten(reason:)``, as do all functions.
    public init(seconds: Int) throws(ArchiveError) {
        guard let archive = archive_write_new() else { throw .notWritten(reason: "no memory") }
        self.archive = archive
        self.seconds = seconds
        archive_write_set_bytes_per_block(archive, 0)
        let place = Unmanaged.passUnretained(output).toOpaque()
        let status =
            archive_write_set_format_zip(archive) == ARCHIVE_OK
            // Sound hardly shrinks.
            && archive_write_set_format_option(archive, "zip", "compression-level", "1") == ARCHIVE_OK
            && archive_write_open(
                archive, place, nil,
                { _, place, bytes, count in
                    guard let place, let bytes else { return -1 }
                    Unmanaged<Output>.fromOpaque(place).takeUnretainedValue().bytes += UnsafeRawBufferPointer(
                        start: bytes, count: count)
                    return count
                }, nil) == ARCHIVE_OK
        guard status else { throw .notWritten(reason: "the zip library refused") }
    }

    deinit { archive_write_free(archive) }

    /// Adds a file.
    ///
    /// - Parameter name: Of plain ASCII letters, digits, dots and hyphens.
    public func add(_ name: String, _ bytes: [UInt8]) throws(ArchiveError) {
        guard let entry = archive_entry_new() else { throw .notWritten(reason: "no memory") }
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname(entry, name)
        archive_entry_set_size(entry, Int64(bytes.count))
        archive_entry_set_filetype(entry, 0o100000)
        archive_entry_set_perm(entry, 0o644)
        archive_entry_set_mtime(entry, seconds, 0)
        guard archive_write_header(archive, entry) == ARCHIVE_OK else { throw fault }
        let written = bytes.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
        guard written == bytes.count, archive_write_finish_entry(archive) == ARCHIVE_OK else { throw fault }
    }

    /// Writes the directory. Nothing can be added afterwards.
    public func finish() throws(ArchiveError) {
        guard !isFinished else { return }
        isFinished = true
        guard archive_write_close(archive) == ARCHIVE_OK else { throw fault }
    }

    /// What came out since the last call.
    public func take() -> [UInt8] {
        defer { output.bytes = [] }
        return output.bytes
    }

    private var fault: ArchiveError {
        .notWritten(reason: archive_error_string(archive).map { String(cString: $0) } ?? "no reason given")
    }
}
