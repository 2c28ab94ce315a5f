import Glibc

/// Writes to an open descriptor: standard output, a pipe, a device, a file.
///
/// A reader that goes away gives an error, not the end of the process: SIGPIPE is held back around
/// each write, for this thread only.
final class DescriptorSink: ByteSink {
    let name: String
    let canPatch: Bool
    private(set) var byteCount = 0
    private let descriptor: Int32
    private let closesDescriptor: Bool
    /// Where our first byte lies in a regular file.
    private let origin: Int
    private var isOpen = true

    init(_ descriptor: Int32, name: String, closesDescriptor: Bool) {
        self.descriptor = descriptor
        self.name = name
        self.closesDescriptor = closesDescriptor
        var status = stat()
        let isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        let position = isRegular ? lseek(descriptor, 0, SEEK_CUR) : -1
        canPatch = position >= 0 && fcntl(descriptor, F_GETFL) & O_APPEND == 0
        origin = max(0, position)
    }

    deinit { abandon() }

    func write(_ bytes: UnsafeRawBufferPointer) throws(AudioWriteError) {
        guard isOpen else { throw .closed(destination: name) }
        var rest = bytes
        while !rest.isEmpty {
            let (sent, code) = PipeSignal.held { Glibc.write(descriptor, rest.baseAddress, rest.count) }
            if sent >= 0 {
                byteCount += sent
                rest = UnsafeRawBufferPointer(rebasing: rest[sent...])
            } else {
                try recover(from: code)
            }
        }
    }

    func patch(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(AudioWriteError) {
        guard isOpen else { throw .closed(destination: name) }
        var done = 0
        while canPatch && done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let sent = pwrite(descriptor, rest.baseAddress, rest.count, origin + offset + done)
            if sent >= 0 { done += sent } else { try recover(from: errno) }
        }
    }

    func finish() throws(AudioWriteError) {
        guard isOpen else { return }
        isOpen = false
        // Network file systems report a full disk no earlier than here.
        if closesDescriptor && close(descriptor) != 0 && errno != EINTR { throw fault(errno) }
    }

    func abandon() {
        guard isOpen else { return }
        isOpen = false
        if closesDescriptor { close(descriptor) }
    }

    /// Returns where the write may be tried again.
    private func recover(from code: Int32) throws(AudioWriteError) {
        if code == EINTR { return }
        guard code == EAGAIN else { throw fault(code) }
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&wait, 1, 1_000)
    }

    private func fault(_ code: Int32) -> AudioWriteError {
        switch code {
        case ENOSPC, EDQUOT: return .diskFull(destination: name, bytesWritten: byteCount)
        case EPIPE, ECONNRESET: return .readerGone(destination: name, bytesWritten: byteCount)
        default: return .writeFailed(destination: name, reason: reason(code), bytesWritten: byteCount)
        }
    }
}

/// Keeps SIGPIPE from ending the process.
enum PipeSignal {
    /// Runs a system call with SIGPIPE held back on this thread; a signal that it raised is taken away.
    static func held(_ call: () -> Int) -> (result: Int, code: Int32) {
        var pipeOnly = sigset_t()
        sigemptyset(&pipeOnly)
        sigaddset(&pipeOnly, SIGPIPE)
        var pending = sigset_t()
        sigpending(&pending)
        let wasPending = sigismember(&pending, SIGPIPE) == 1
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &pipeOnly, &before)
        let result = call()
        let code = errno
        if result < 0 && code == EPIPE && !wasPending {
            var now = timespec(tv_sec: 0, tv_nsec: 0)
            while sigtimedwait(&pipeOnly, nil, &now) < 0 && errno == EINTR {}
        }
        pthread_sigmask(SIG_SETMASK, &before, nil)
        return (result, code)
    }
}
