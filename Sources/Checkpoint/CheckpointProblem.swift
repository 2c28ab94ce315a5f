public import Foundation

/// What every error about a checkpoint's files has in common: it names the file and says in one sentence what is wrong
/// with it, where, and what to do.
public protocol CheckpointProblem: Error, CustomStringConvertible {
    /// The file or folder that the error is about.
    var file: URL { get }
}

extension CheckpointProblem {
    /// The file's path as a person would type it.
    var place: String { file.filePath }
}

extension URL {
    /// The path without percent escapes and without a trailing slash.
    var filePath: String {
        let path = path(percentEncoded: false)
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// A file in this folder. The name is taken literally, whatever it contains.
    func file(_ name: String) -> URL { appendingPathComponent(name, isDirectory: false) }
}

extension String {
    /// A name from an untrusted file, made fit for an error text: control characters escaped, at most 80 characters.
    var quoted: String {
        var text = "\""
        for scalar in unicodeScalars.prefix(80) {
            if scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) {
                text += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text + (unicodeScalars.count > 80 ? "…\"" : "\"")
    }
}
