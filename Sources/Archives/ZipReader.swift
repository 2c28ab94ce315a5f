import CArchive

/// Reads small zip archives that strangers send: a few files with plain names, in memory, within limits that hold while
/// unpacking. Nothing is ever written to a disk, so that no name can lead anywhere.
public struct ZipReader: Sendable {
    public var maxEntries: Int
    /// Unpacked, all entries together.
    public var maxBytes: Int

    public init(maxEntries: Int, maxBytes: Int) {
        self.maxEntries = maxEntries
        self.maxBytes = maxBytes
    }

    private static let nameLimit = 100
    private static let regularFile: UInt32 = 0o100000
    private static let kindMask: UInt32 = 0o170000

    /// All entries by name.
    ///
    /// - Throws: ``ArchiveError``.
    public func read(_ bytes: [UInt8]) throws(ArchiveError) -> [String: [UInt8]] {
        let result: Result<[String: [UInt8]], ArchiveError> = bytes.withUnsafeBytes { buffer in
            do throws(ArchiveError) { return .success(try entries(of: buffer)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private func entries(of buffer: UnsafeRawBufferPointer) throws(ArchiveError) -> [String: [UInt8]] {
        guard let archive = archive_read_new() else { throw .damaged(reason: "no memory") }
        defer { archive_read_free(archive) }
        guard archive_read_support_format_zip_seekable(archive) == ARCHIVE_OK,
            archive_read_open_memory(archive, buffer.baseAddress, buffer.count) == ARCHIVE_OK
        else { throw .damaged(reason: "it does not begin as one") }
        var found: [String: [UInt8]] = [:]
        var rest = maxBytes
        while true {
            var entry: OpaquePointer?
            let status = archive_read_next_header(archive, &entry)
            if status == ARCHIVE_EOF { return found }
            guard status == ARCHIVE_OK, let entry else { throw .damaged(reason: "its directory is broken") }
            guard found.count < maxEntries else { throw .tooManyEntries(limit: maxEntries) }
            let name = try Self.name(of: entry)
            guard UInt32(archive_entry_filetype(entry)) & Self.kindMask == Self.regularFile,
                archive_entry_is_encrypted(entry) == 0
            else { throw .notAFile(name: name) }
            guard found[name] == nil else { throw .twice(name: name) }
            let content = try content(archive, limit: rest)
            rest -= content.count
            found[name] = content
        }
    }

    private static func name(of entry: OpaquePointer) throws(ArchiveError) -> String {
        guard let text = archive_entry_pathname(entry), let name = String(validatingCString: text),
            (1...nameLimit).contains(name.utf8.count), !name.hasPrefix("."),
            name.utf8.allSatisfy({ byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || [0x2D, 0x2E, 0x5F].contains(byte)
            })
        else { throw .badName }
        return name
    }

    private func content(_ archive: OpaquePointer, limit: Int) throws(ArchiveError) -> [UInt8] {
        var content: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = archive_read_data(archive, &block, block.count)
            guard count >= 0 else { throw .damaged(reason: "an entry is broken") }
            if count == 0 { return content }
            guard content.count + count <= limit else { throw .tooLarge(limitBytes: maxBytes) }
            content += block[..<count]
        }
    }
}
