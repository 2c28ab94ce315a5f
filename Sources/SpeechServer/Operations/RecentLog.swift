import Foundation
public import Logging
import Synchronization

/// The last lines of the log, for `GET /api/v1/logs`.
public final class RecentLog: Sendable {
    struct Line: Encodable, Sendable {
        let time: String
        let level: String
        let message: String
        let details: [String: String]
    }

    private static let capacity = 1000
    private let kept = Mutex<[(level: Logger.Level, line: Line)]>([])

    public init() {}

    /// What a logger writes to.
    public var handler: any LogHandler { Handler(log: self) }

    /// Lines of a level or graver, the newest last.
    func lines(_ limit: Int, from level: Logger.Level) -> [Line] {
        kept.withLock { $0.filter { $0.level >= level }.suffix(limit).map(\.line) }
    }

    private func append(_ level: Logger.Level, _ line: Line) {
        kept.withLock { lines in
            lines.append((level, line))
            if lines.count > Self.capacity + 100 { lines.removeFirst(lines.count - Self.capacity) }
        }
    }

    private struct Handler: LogHandler {
        let log: RecentLog
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            log.append(
                event.level,
                Line(
                    time: Answers.time(Date()), level: event.level.rawValue, message: "\(event.message)",
                    details: all.mapValues { "\($0)" }))
        }
    }
}
