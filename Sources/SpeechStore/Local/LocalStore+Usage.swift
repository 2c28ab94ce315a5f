import Foundation
import GRDB

/// How much of the disk the audio takes that is kept.
public struct StoreUsage: Sendable, Equatable {
    /// Audio files of one kind.
    public struct Share: Sendable, Equatable {
        public let files: Int
        public let bytes: Int
    }

    public let history: Share
    public let jobs: Share
    /// Recordings of voices, their samples, and consents.
    public let voices: Share
    /// Bytes that are free on the disk; nil where the system does not say.
    public let freeBytes: Int?
}

extension LocalStore {
    public func usage() async throws -> StoreUsage {
        let file = audioFolder.folder.appendingPathComponent("any").path
        return try await read { db in
            func share(_ ids: String) throws -> StoreUsage.Share {
                let counts = "count(*) AS files, coalesce(sum(byteCount), 0) AS bytes"
                let row = try Row.fetchOne(db, sql: "SELECT \(counts) FROM audio WHERE id IN (\(ids))")
                return StoreUsage.Share(files: row?["files"] ?? 0, bytes: row?["bytes"] ?? 0)
            }
            let voices = ["reference FROM voices", "preview FROM voices", "recording FROM consents"]
            return StoreUsage(
                history: try share("SELECT audio FROM history"), jobs: try share("SELECT audio FROM parts"),
                voices: try share(voices.map { "SELECT \($0)" }.joined(separator: " UNION ")),
                freeBytes: AudioFolder.freeBytes(at: file))
        }
    }
}
