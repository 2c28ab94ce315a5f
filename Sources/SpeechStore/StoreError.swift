/// What the store can refuse, and what can be wrong with its files.
public enum StoreError: Error, Equatable, CustomStringConvertible {
    /// What a record is.
    public enum Kind: String, Sendable {
        case voice, consent, history = "history entry", job, part = "part", key, audio
    }

    /// The disk has no room, or less than the settings want to leave free.
    case diskFull(path: String)
    case readOnly(path: String)
    /// Somebody else holds the database's lock for longer than the settings wait.
    case locked(path: String)
    /// Another process has opened the store.
    case inUse(folder: String)
    /// A newer Mynah has changed the tables.
    case newerSchema(path: String, unknown: [String])
    case corrupt(path: String, detail: String)
    /// A file operation failed; `code` is the system's number.
    case file(path: String, code: Int32)
    /// A database operation failed in a way that the other cases do not name; `code` is SQLite's extended result.
    case database(path: String, code: Int, message: String)
    case notFound(Kind, id: String)
    case nameTaken(String)
    /// The record is not in a state that permits this.
    case wrongState(Kind, id: String, state: String)
    case consentMissing
    case invalid(field: String, reason: String)
    case tooLarge(field: String, count: Int, limit: Int)
    /// A cap over all records of a kind would be exceeded.
    case capReached(Kind, limit: Int)
    case badVoiceFile(reason: String)

    public var description: String {
        switch self {
        case .diskFull(let path): "the disk that holds \(path) is full; make room and try again"
        case .readOnly(let path): "\(path) cannot be written; check who owns it and how its disk is mounted"
        case .locked(let path):
            "\(path) is held by another program (a backup or a database browser?); close it and try again"
        case .inUse(let folder): "\(folder) is in use by another Mynah; stop that one or choose another folder"
        case .newerSchema(let path, let unknown):
            "\(path) was written by a newer Mynah (it has \(unknown.joined(separator: ", "))); update this one, "
                + "or choose another folder"
        case .corrupt(let path, let detail):
            "\(path) is damaged (\(detail)); put a backup in its place, or move it away to start with an empty one"
        case .file(let path, let code):
            "\(path) cannot be used (system error \(code)); check the disk and the permissions"
        case .database(let path, let code, let message):
            "\(path) could not be used (SQLite \(code): \(message)); try again, and check the disk where it stays so"
        case .notFound(let kind, let id): "there is no \(kind.rawValue) \(id)"
        case .nameTaken(let name): "there is already a voice '\(name)'; choose another name"
        case .wrongState(let kind, let id, let state): "the \(kind.rawValue) \(id) is \(state)"
        case .consentMissing: "a voice needs a note of who consented to its use, and how; say so in the consent"
        case .invalid(let field, let reason): "\(field) \(reason)"
        case .tooLarge(let field, let count, let limit): "\(field) has \(count) bytes, but \(limit) at most are kept"
        case .capReached(let kind, let limit):
            "no more than \(limit) of kind '\(kind.rawValue)' are kept; delete some first"
        case .badVoiceFile(let reason): "this is no voice file (\(reason)); export the voice again"
        }
    }
}
