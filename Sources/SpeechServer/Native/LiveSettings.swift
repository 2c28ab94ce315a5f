import Foundation
import SpeechStore
import Synchronization

/// What can be set while the server runs. The store keeps it for the next start.
final class LiveSettings: Sendable {
    /// What is kept. Absent means: as the server was started.
    struct Kept: Codable, Sendable {
        var keeps_history: Bool?
        var history_entries: Int?
        var history_megabytes: Int?
        var history_days: Double?
        /// 0 for never.
        var idle_unload_minutes: Double?
        var log_texts: Bool?
    }

    private static let name = "server"
    private let store: (any SettingsStoring)?
    private let models: (any ModelSwitching)?
    private let logs = Mutex(false)

    init(store: (any SettingsStoring)?, models: (any ModelSwitching)?) {
        self.store = store
        self.models = models
    }

    /// Whether texts are written to the log.
    var logsTexts: Bool { logs.withLock { $0 } }

    /// What is set now.
    var current: Kept {
        var kept = Kept(log_texts: logsTexts)
        if let settings = store?.settings {
            kept.keeps_history = settings.keepsHistory
            kept.history_entries = settings.historyEntries
            kept.history_megabytes = settings.historyBytes >> 20
            kept.history_days = settings.historySeconds / 86_400
        }
        kept.idle_unload_minutes = models?.idleTime.map { $0 / .seconds(60) }
        return kept
    }

    /// Takes over what an earlier server was told, except for what the start of this one says.
    func restore(overruled: ServerConfiguration.Overrules) async throws {
        guard var kept: Kept = try await store?.remembered(Self.name)?.decode() else { return }
        if overruled.contains(.history) { kept.keeps_history = nil }
        if overruled.contains(.idleUnload) { kept.idle_unload_minutes = nil }
        try await apply(kept)
    }

    /// Changes what is not nil, and keeps it.
    func change(_ wish: Kept) async throws {
        try await apply(wish)
        guard let store else { return }
        var kept: Kept = try await store.remembered(Self.name)?.decode() ?? Kept()
        kept.keeps_history = wish.keeps_history ?? kept.keeps_history
        kept.history_entries = wish.history_entries ?? kept.history_entries
        kept.history_megabytes = wish.history_megabytes ?? kept.history_megabytes
        kept.history_days = wish.history_days ?? kept.history_days
        kept.idle_unload_minutes = wish.idle_unload_minutes ?? kept.idle_unload_minutes
        kept.log_texts = wish.log_texts ?? kept.log_texts
        try await store.remember(try JSONText(encoding: kept), as: Self.name)
    }

    private func apply(_ wish: Kept) async throws {
        try await store?.changeSettings { settings in
            if let isKept = wish.keeps_history { settings.keepsHistory = isKept }
            if let entries = wish.history_entries { settings.historyEntries = entries }
            if let megabytes = wish.history_megabytes { settings.historyBytes = megabytes << 20 }
            if let days = wish.history_days { settings.historySeconds = days * 86_400 }
        }
        if let texts = wish.log_texts { logs.withLock { $0 = texts } }
        if let minutes = wish.idle_unload_minutes {
            models?.setIdleTime(minutes > 0 ? .seconds(minutes * 60) : nil)
        }
    }
}

extension ServerConfiguration {
    /// What the start says, so that what was set earlier does not count.
    public struct Overrules: OptionSet, Sendable {
        public let rawValue: Int
        public static let history = Overrules(rawValue: 1)
        public static let idleUnload = Overrules(rawValue: 2)

        public init(rawValue: Int) { self.rawValue = rawValue }
    }
}
