public import Foundation

/// A JSON file of a checkpoint cannot be read as such.
public struct JSONFileError: CheckpointProblem, Equatable {
    public let file: URL
    public let error: StrictJSONError

    public var description: String { "\(place): \(error); get an undamaged copy of this file" }
}

extension StrictJSON {
    /// Reads a JSON file.
    ///
    /// - Throws: ``FileError`` or ``JSONFileError``.
    public static func parse(file: URL, limits: Limits = Limits()) throws -> JSONValue {
        let content = try FileBytes(file, mapped: false, limit: limits.byteCount)
        do throws(StrictJSONError) { return try parse(content.bytes, limits: limits) } catch {
            throw JSONFileError(file: file, error: error)
        }
    }
}
