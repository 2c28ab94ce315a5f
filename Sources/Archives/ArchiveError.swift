/// Why a zip archive cannot be read or written.
public enum ArchiveError: Error, Equatable, CustomStringConvertible {
    /// It is no zip archive, or a damaged one.
    case damaged(reason: String)
    /// An entry has a name that no archive of ours has: a path, or bytes that are no plain name.
    case badName
    /// An entry is no ordinary file: a folder, a link, or encrypted.
    case notAFile(name: String)
    case twice(name: String)
    case tooManyEntries(limit: Int)
    /// What is in it, unpacked, is larger than allowed.
    case tooLarge(limitBytes: Int)
    case notWritten(reason: String)

    public var description: String {
        switch self {
        case .damaged(let reason): "the zip archive cannot be read (\(reason)); make it again"
        case .badName: "the zip archive has an entry whose name is no plain file name"
        case .notAFile(let name): "the zip archive's entry \(name) is no ordinary file"
        case .twice(let name): "the zip archive has two entries called \(name)"
        case .tooManyEntries(let limit): "the zip archive has more than \(limit) entries"
        case .tooLarge(let limit): "the zip archive holds more than \(limit) bytes"
        case .notWritten(let reason): "the zip archive could not be written (\(reason))"
        }
    }
}
