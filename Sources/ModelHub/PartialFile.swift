import Foundation
import Synchronization

/// A file while it is downloaded: what is there stays there when the download breaks off, and is hashed as it comes.
///
/// Functions wait for the disk. One download uses it at a time; the lock only satisfies the compiler's wish for proof.
final class PartialFile: Sendable {
    private struct State {
        var descriptor: Int32
        var size: Int
        var check: DigestCheck
    }

    private let path: String
    private let file: HubFile
    private let state: Mutex<State>

    /// Opens what an earlier download left, or begins anew.
    ///
    /// - Throws: ``HubError``, as do all functions.
    init(_ url: URL, of file: HubFile) throws(HubError) {
        path = url.path
        self.file = file
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw .file(path: path, code: errno) }
        state = Mutex(State(descriptor: descriptor, size: 0, check: DigestCheck(file)))
        try readWhatIsThere()
    }

    deinit { state.withLock { _ = close($0.descriptor) } }

    /// Bytes that are there.
    var size: Int { state.withLock { $0.size } }

    /// Whether all bytes are there and are the right ones.
    var isRight: Bool { state.withLock { $0.size == file.size && $0.check.isRight } }

    /// Throws away what is there.
    func restart() throws(HubError) {
        let code: Int32 = state.withLock { state in
            guard ftruncate(state.descriptor, 0) == 0, lseek(state.descriptor, 0, SEEK_SET) == 0 else { return errno }
            state.size = 0
            state.check = DigestCheck(file)
            return 0
        }
        guard code == 0 else { throw .file(path: path, code: code) }
    }

    func append(_ bytes: some Sequence<UInt8>) throws(HubError) {
        let chunk = ContiguousArray(bytes)
        let code: Int32 = state.withLock { state in
            chunk.withUnsafeBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let part = UnsafeRawBufferPointer(rebasing: rest)
                    let count = write(state.descriptor, part.baseAddress, part.count)
                    if count < 0 && errno == EINTR { continue }
                    guard count > 0 else { return count == 0 ? EIO : errno }
                    state.check.update(UnsafeRawBufferPointer(rebasing: part.prefix(count)))
                    state.size += count
                    rest = rest.dropFirst(count)
                }
                return 0
            }
        }
        guard code == 0 else { throw Self.failure(path, code) }
    }

    /// Makes the file appear under its name.
    func move(to target: URL) throws(HubError) {
        let code: Int32 = state.withLock { state in
            guard fsync(state.descriptor) == 0, rename(path, target.path) == 0 else { return errno }
            return 0
        }
        guard code == 0 else { throw Self.failure(target.path, code) }
    }

    func remove() { unlink(path) }

    private static func failure(_ path: String, _ code: Int32) -> HubError {
        code == ENOSPC ? .diskTooSmall(path: path, neededBytes: 1 << 20, freeBytes: 0) : .file(path: path, code: code)
    }

    /// Hashes what an earlier download left, so that the digest at the end is that of the whole.
    private func readWhatIsThere() throws(HubError) {
        var status = stat()
        let code: Int32 = state.withLock { state in
            guard fstat(state.descriptor, &status) == 0 else { return errno }
            guard status.st_mode & S_IFMT == S_IFREG else { return EINVAL }
            // More than the file can have is nothing that this download wrote.
            guard status.st_size <= file.size else { return ftruncate(state.descriptor, 0) == 0 ? 0 : errno }
            var block = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = read(state.descriptor, &block, block.count)
                if count < 0 && errno == EINTR { continue }
                guard count >= 0 else { return errno }
                guard count > 0 else { return 0 }
                block.withUnsafeBytes { state.check.update(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
                state.size += count
            }
        }
        guard code == 0 else { throw .file(path: path, code: code) }
    }
}
