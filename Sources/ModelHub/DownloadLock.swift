import Foundation

/// Keeps other processes from downloading or removing the same model. The system releases it when the process ends.
final class DownloadLock: Sendable {
    private let descriptor: Int32
    private let path: String

    /// - Throws: ``HubError/busy(name:)``, ``HubError/file(path:code:)``.
    init(_ name: String, in shelf: URL) throws(HubError) {
        let path = shelf.appendingPathComponent(".\(name).lock", isDirectory: false).path
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard descriptor >= 0 else { throw .file(path: path, code: errno) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let code = errno
                close(descriptor)
                throw code == EWOULDBLOCK ? .busy(name: name) : .file(path: path, code: code)
            }
            // The holder before may have removed the file between our opening and locking it.
            var (held, named) = (stat(), stat())
            if fstat(descriptor, &held) == 0, stat(path, &named) == 0, held.st_ino == named.st_ino {
                self.descriptor = descriptor
                self.path = path
                return
            }
            close(descriptor)
        }
    }

    deinit {
        unlink(path)
        close(descriptor)
    }
}
