import Glibc

/// Text for people and programs: data on standard output, everything else on standard error.
enum Console {
    /// Writes a line of data to standard output.
    static func write(_ text: String) { emit(text + "\n", to: STDOUT_FILENO) }

    /// Writes a message to standard error.
    static func note(_ text: String) { emit(text + "\n", to: STDERR_FILENO) }

    /// Writes raw text to standard error, without a line end.
    static func show(_ text: String) { emit(text, to: STDERR_FILENO) }

    /// Whether standard error is a terminal, so that a progress line makes sense.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    private static func emit(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let written = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else { return }
                done += written
            }
        }
    }
}
