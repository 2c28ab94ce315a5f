public import Foundation

/// A client's key, without its secret.
public struct APIKey: Sendable, Hashable, Identifiable {
    public let id: RecordID
    /// For people.
    public let name: String
    public let limits: KeyLimits
    /// Whether it may change what concerns all: keys, settings, models.
    public let isAdmin: Bool
    public let created: Date
    /// When it was made useless; nil while it works.
    public let revoked: Date?
    /// When it was shown last, to the minute.
    public let lastUsed: Date?
}

/// What a key permits; nil for no limit of its own.
public struct KeyLimits: Sendable, Hashable, Codable {
    public var concurrentRequests: Int?
    public var requestsPerMinute: Int?
    public var charactersPerMinute: Int?

    public init(concurrentRequests: Int? = nil, requestsPerMinute: Int? = nil, charactersPerMinute: Int? = nil) {
        self.concurrentRequests = concurrentRequests
        self.requestsPerMinute = requestsPerMinute
        self.charactersPerMinute = charactersPerMinute
    }
}
