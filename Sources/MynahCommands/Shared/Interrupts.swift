import Foundation
import Glibc
import Synchronization

/// Listens for Ctrl-C (SIGINT) and SIGTERM.
///
/// The first signal asks the work to end well; the second ends the process at once and removes what lies half written.
final class Interrupts: Sendable {
    static let shared = Interrupts()

    private let signals = Atomic<Int>(0)
    /// The signal handler may only do the simplest things, so it hands its news to a thread through this pipe.
    private static let pipe: (reader: Int32, writer: Int32) = {
        var ends: [Int32] = [-1, -1]
        if Glibc.pipe(&ends) == 0 { for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) } }
        return (ends[0], ends[1])
    }()
    private let folder = Mutex<String?>(nil)

    /// Whether somebody asked to stop.
    var isRequested: Bool { signals.load(ordering: .relaxed) > 0 }

    /// Lets Ctrl-C and SIGTERM through, which some programs block in what they start.
    static func unblock() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Starts listening.
    ///
    /// - Parameter writingIn: The folder of the file being written, whose hidden parts a second signal removes.
    func listen(writingIn path: String?) {
        folder.withLock { $0 = path }
        let reader = Self.pipe.reader
        Thread.detachNewThread { [self] in
            var byte: UInt8 = 0
            while true {
                let count = read(reader, &byte, 1)
                if count < 0 && errno == EINTR { continue }
                guard count == 1 else { return }
                if signals.add(1, ordering: .relaxed).newValue > 1 {
                    removeParts()
                    _exit(ExitStatus.interrupted.rawValue)
                }
            }
        }
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            let saved = errno
            var byte: UInt8 = 1
            _ = write(Interrupts.pipe.writer, &byte, 1)
            errno = saved
        }
        action.sa_flags = SA_RESTART
        sigaction(SIGINT, &action, nil)
        sigaction(SIGTERM, &action, nil)
        // Whoever started this process may have handed down a mask that holds both signals back.
        var heard = sigset_t()
        sigemptyset(&heard)
        sigaddset(&heard, SIGINT)
        sigaddset(&heard, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &heard, nil)
    }

    /// Removes the hidden files of this process that an audio writer has not finished.
    private func removeParts() {
        guard let folder = folder.withLock({ $0 }) else { return }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix(".mynah-\(getpid())-") && name.hasSuffix(".part") {
            unlink("\(folder)/\(name)")
        }
    }
}
