public import Foundation

/// The operating system refused something, or a file is not what a checkpoint can be read from.
public enum FileError: CheckpointProblem, Equatable {
    /// A system call failed with the given `errno`.
    case system(doing: Action, file: URL, code: Int32)
    case notRegular(file: URL)
    case changedWhileReading(file: URL)
    case tooLarge(file: URL, byteCount: Int, limit: Int)
    case noSpace(file: URL, needed: Int, free: Int)
    case exists(file: URL)

    /// What was being done, as a verb.
    public enum Action: String, Sendable { case open, read, map, create, write, rename, remove }

    public var file: URL {
        switch self {
        case .system(_, let file, _), .notRegular(let file), .changedWhileReading(let file), .tooLarge(let file, _, _),
            .noSpace(let file, _, _), .exists(let file):
            file
        }
    }

    public var description: String {
        switch self {
        case .system(let action, _, let code):
            "cannot \(action.rawValue) \(place): \(String(cString: strerror(code))); \(Self.advice(action, code))"
        case .notRegular:
            "\(place) is not a regular file; name a file, not a folder or a device"
        case .changedWhileReading:
            "\(place) changed while it was being read; wait until it is completely written and try again"
        case .tooLarge(_, let byteCount, let limit):
            "\(place) has \(byteCount) bytes, more than the \(limit) allowed for such a file; "
                + "check that it is the right one"
        case .noSpace(_, let needed, let free):
            "\(place) needs \(needed) bytes but its disk has \(free) free; make room or choose another folder"
        case .exists:
            "\(place) already exists; choose another name or remove it first"
        }
    }

    private static func advice(_ action: Action, _ code: Int32) -> String {
        switch code {
        case ENOENT: "check the path"
        case EACCES, EPERM: "change its permissions or run as a user who may"
        case ENOSPC, EDQUOT: "make room on the disk"
        case EROFS: "choose a folder that can be written"
        case ENOMEM: "free some memory"
        default: action == .open || action == .read || action == .map ? "check the disk" : "check the folder"
        }
    }
}
