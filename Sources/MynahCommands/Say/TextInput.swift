import Foundation
import Glibc
import SpeechEngine
import TextFrontend

/// Where the words come from.
enum TextInput {
    /// Enough for a long book.
    static let limitBytes = 16 << 20

    /// The text of the command line, or of standard input for `-`; white space cleaned as the reference does, and the
    /// ends of the last lines of standard input left out.
    ///
    /// - Throws: ``CommandError`` where there is nothing to speak.
    static func read(_ argument: String) throws -> String {
        let source = argument == "-" ? "standard input" : "the given text"
        let raw = argument == "-" ? try standardInput() : argument
        guard raw.utf8.count <= limitBytes else {
            throw CommandError.textTooLong(source: source, limitBytes: limitBytes)
        }
        let text = BPETokenizer.clean(raw)
        guard SpeakableText.isSpeakable(text) else { throw CommandError.emptyText(source: source) }
        return text
    }

    private static func standardInput() throws -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(STDIN_FILENO, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw CommandError.textUnreadable(
                    source: "standard input", reason: String(cString: strerror(errno)).lowercased())
            }
            if count == 0 { break }
            bytes += piece[..<count]
            guard bytes.count <= limitBytes else {
                throw CommandError.textTooLong(source: "standard input", limitBytes: limitBytes)
            }
        }
        while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError.textUnreadable(source: "standard input", reason: "it is not UTF-8")
        }
        return text
    }
}
