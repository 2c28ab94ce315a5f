public import Foundation

/// A torch archive is not a zip file of the plain kind that torch writes.
public struct ZipError: CheckpointProblem, Equatable {
    /// One case for each rule.
    public enum Fault: Sendable, Equatable {
        /// No end record where a zip file ends.
        case notZip
        case multipleDisks
        /// The 64-bit end record is damaged or contradicts the 32-bit one.
        case badZip64End
        case tooManyRecords(count: Int, limit: Int)
        case directoryOutside
        /// The central directory ends before all its records were read, or after.
        case badDirectory(offset: Int)
        case badName(String)
        case duplicateName(String)
        case encrypted(String)
        case unsupportedFlags(String, flags: Int)
        case compressed(String, method: Int)
        /// The two sizes of a stored record differ, or its 64-bit sizes are missing.
        case badSize(String)
        case outside(String)
        case localHeaderDiffers(String)
        case overlap(String, String)
    }

    public let file: URL
    public let fault: Fault

    public var description: String {
        switch fault {
        case .notZip:
            "\(place) is cut off or not a torch archive (it has no zip directory at its end); "
                + "download it again, or load and save it with torch 1.6 or later"
        default: "\(place) is not an acceptable torch archive: \(reason); convert it to safetensors from a trusted copy"
        }
    }

    private var reason: String {
        switch fault {
        case .notZip: ""
        case .multipleDisks: "it is spread over several disks"
        case .badZip64End: "its 64-bit end record is damaged"
        case .tooManyRecords(let count, let limit): "it has \(count) records, more than \(limit)"
        case .directoryOutside: "its directory lies outside the file"
        case .badDirectory(let offset): "its directory is damaged at byte \(offset)"
        case .badName(let name): "\(name.quoted) is not an acceptable record name"
        case .duplicateName(let name): "the record \(name.quoted) appears twice"
        case .encrypted(let name): "the record \(name.quoted) is encrypted"
        case .unsupportedFlags(let name, let flags): "the record \(name.quoted) has the unsupported flags \(flags)"
        case .compressed(let name, let method):
            "the record \(name.quoted) is compressed (method \(method)), torch only stores"
        case .badSize(let name): "the sizes of record \(name.quoted) contradict each other"
        case .outside(let name): "the record \(name.quoted) lies outside the file"
        case .localHeaderDiffers(let name): "the header of record \(name.quoted) contradicts the directory"
        case .overlap(let first, let second): "the records \(first.quoted) and \(second.quoted) overlap"
        }
    }
}
