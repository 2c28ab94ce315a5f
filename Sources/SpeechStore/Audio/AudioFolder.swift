import Crypto
import Foundation

/// The folder of audio files. A file appears under its id when it is complete and on the disk, or not at all.
///
/// Every function may wait for the disk: ``LocalStore`` calls them on a queue of its own.
struct AudioFolder: Sendable {
    let folder: URL

    /// Files that are being written have names that are no ids.
    private static let unfinished = ".new-"

    /// Makes the folder where it is not there.
    ///
    /// - Throws: ``StoreError``, as do all functions.
    init(_ folder: URL) throws(StoreError) {
        self.folder = folder
        if mkdir(folder.path, 0o700) != 0 && errno != EEXIST { throw .system(folder.path, errno) }
    }

    func file(of id: RecordID) -> URL { folder.appendingPathComponent(id.description, isDirectory: false) }

    /// Writes a new file.
    ///
    /// - Parameter limit: Bytes that it may have.
    /// - Parameter floor: Bytes that must stay free on the disk.
    func write(_ audio: NewAudio, limit: Int, floor: Int) throws(StoreError) -> StoredAudio {
        guard audio.mediaType.utf8.count <= 100, audio.mediaType.hasPrefix("audio/") else {
            throw .invalid(field: "the media type", reason: "is not one of audio")
        }
        let id = RecordID()
        let target = file(of: id)
        let temporary = folder.appendingPathComponent(Self.unfinished + id.description, isDirectory: false)
        let output = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw .system(temporary.path, errno) }
        defer { close(output) }
        do throws(StoreError) {
            var writing = Writing(output: output, path: target.path, limit: limit, floor: floor)
            switch audio.content {
            case .bytes(let data): try writing.append(data)
            case .file(let source): try writing.append(contentsOf: source)
            }
            guard fsync(output) == 0, rename(temporary.path, target.path) == 0 else {
                throw StoreError.system(target.path, errno)
            }
            synchronise()
            return StoredAudio(
                id: id, mediaType: audio.mediaType, byteCount: writing.byteCount, sha256: writing.hash.hexadecimal)
        } catch {
            unlink(temporary.path)
            throw error
        }
    }

    /// Removes files; those that are not there are passed over.
    func remove(_ ids: [RecordID]) {
        for id in ids { unlink(file(of: id).path) }
        if !ids.isEmpty { synchronise() }
    }

    /// Removes what no record refers to: files of a process that died between writing a file and its record.
    ///
    /// - Returns: How many were removed.
    func removeAll(except known: Set<RecordID>) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        var count = 0
        for name in names {
            let isOrphan = RecordID(name).map { !known.contains($0) } ?? name.hasPrefix(Self.unfinished)
            if isOrphan, unlink(folder.appendingPathComponent(name).path) == 0 { count += 1 }
        }
        return count
    }

    private func synchronise() {
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// A file while it is written: counts, limits and hashes.
private struct Writing {
    let output: Int32
    let path: String
    let limit: Int
    let floor: Int
    var byteCount = 0
    var hash = SHA256()

    mutating func append(contentsOf source: URL) throws(StoreError) {
        let input = open(source.path, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw .system(source.path, errno) }
        defer { close(input) }
        var block = Data(count: 1 << 20)
        while true {
            let count = block.withUnsafeMutableBytes { read(input, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .system(source.path, errno) }
            guard count > 0 else { return }
            try append(block.prefix(count))
        }
    }

    mutating func append(_ data: Data) throws(StoreError) {
        byteCount += data.count
        guard byteCount <= limit else { throw .tooLarge(field: "the audio", count: byteCount, limit: limit) }
        guard AudioFolder.freeBytes(at: path).map({ $0 - data.count >= floor }) ?? true else {
            throw .diskFull(path: path)
        }
        hash.update(data: data)
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(output, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .system(path, count == 0 ? EIO : errno) }
            rest = rest.dropFirst(count)
        }
    }
}

extension AudioFolder {
    /// The digest of an audio file, as hexadecimal digits.
    static func sha256(of content: Data) -> String {
        var hash = SHA256()
        hash.update(data: content)
        return hash.hexadecimal
    }

    /// Bytes free on the disk of a file that may not be there yet; nil where the system does not say.
    static func freeBytes(at path: String) -> Int? {
        var status = statvfs()
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard statvfs(folder, &status) == 0 else { return nil }
        let bytes = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
        return Int(clamping: bytes)
    }
}

extension SHA256 {
    /// The digest of what was hashed so far, as hexadecimal digits.
    var hexadecimal: String {
        finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
