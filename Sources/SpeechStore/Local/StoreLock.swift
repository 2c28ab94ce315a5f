import Foundation

/// Keeps other processes away from a store as long as it lives. The system releases it when the process ends, however
/// that happens.
final class StoreLock: Sendable {
    private let descriptor: Int32

    /// - Throws: ``StoreError/inUse(folder:)`` where another process or another store of this one has it.
    init(_ folder: URL) throws(StoreError) {
        let path = folder.appendingPathComponent("lock", isDirectory: false).path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(path, errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EWOULDBLOCK ? .inUse(folder: folder.path) : .system(path, code)
        }
        self.descriptor = descriptor
    }

    deinit {
        // A program that is just being started holds copies of all descriptors, and the lock with them, for a moment.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
