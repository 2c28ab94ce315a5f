import Foundation
import Hummingbird
import Logging
import SpeechStore

/// Settings, the log and what is on the disk, for administrators.
struct SettingsRoutes: Sendable {
    var routes: [Route] {
        [
            Route(.get, "/api/v1/settings", access: .admin) { Answers.json(Report($0.services.settings.current)) },
            Route(.patch, "/api/v1/settings", access: .admin, change),
            Route(.get, "/api/v1/logs", access: .admin, logs),
            Route(.get, "/api/v1/storage", access: .admin) { Answers.json(StorageReport(try await $0.store.usage())) },
        ]
    }

    private func change(_ exchange: Exchange) async throws -> Response {
        let fields = try await exchange.json()
        try fields.refuseOthers(than: [
            "keeps_history", "history_entries", "history_megabytes", "history_days", "idle_unload_minutes", "log_texts",
        ])
        var wish = LiveSettings.Kept()
        wish.keeps_history = try fields.flag("keeps_history")
        wish.history_entries = try fields.integer("history_entries", in: 1...1_000_000)
        wish.history_megabytes = try fields.integer("history_megabytes", in: 1...10_000_000)
        wish.history_days = try fields.number("history_days", in: 0.01...36_500)
        wish.idle_unload_minutes = try fields.number("idle_unload_minutes", in: 0.01...100_000)
        if wish.idle_unload_minutes == nil, fields.names.contains("idle_unload_minutes") {
            wish.idle_unload_minutes = 0
        }
        wish.log_texts = try fields.flag("log_texts")
        try await exchange.services.settings.change(wish)
        return Answers.json(Report(exchange.services.settings.current))
    }

    private func logs(_ exchange: Exchange) throws -> Response {
        let fields = try exchange.query(["limit", "level"])
        let limit = try fields.integer("limit", in: 1...1000) ?? 200
        let level = try fields.choice("level", of: ["debug", "info", "notice", "warning", "error"]) ?? "info"
        let lines = exchange.services.log.lines(limit, from: Logger.Level(rawValue: level) ?? .info)
        return Answers.json(["lines": lines])
    }

    private struct Report: Encodable {
        let settings: LiveSettings.Kept

        init(_ settings: LiveSettings.Kept) { self.settings = settings }

        private enum Keys: String, CodingKey { case idle_unload_minutes }

        /// Never is written as null.
        func encode(to encoder: any Encoder) throws {
            try settings.encode(to: encoder)
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(settings.idle_unload_minutes, forKey: .idle_unload_minutes)
        }
    }
}

/// `GET /api/v1/storage`
private struct StorageReport: Encodable {
    struct Share: Encodable {
        let files: Int
        let bytes: Int

        init(_ share: StoreUsage.Share) { (files, bytes) = (share.files, share.bytes) }
    }

    let history: Share
    let jobs: Share
    let voices: Share
    let free_bytes: Int?

    init(_ usage: StoreUsage) {
        history = Share(usage.history)
        jobs = Share(usage.jobs)
        voices = Share(usage.voices)
        free_bytes = usage.freeBytes
    }
}
