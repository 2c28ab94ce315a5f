public import Foundation

/// An audio file that the store keeps, under an id of its own.
public struct StoredAudio: Hashable, Sendable {
    public let id: RecordID
    /// As `audio/wav`.
    public let mediaType: String
    public let byteCount: Int
    /// Hexadecimal digits.
    public let sha256: String
}

/// Audio to be kept.
public struct NewAudio: Sendable {
    public enum Content: Sendable {
        case bytes(Data)
        /// A file that is copied. Its name leaves no trace.
        case file(URL)
    }

    public var content: Content
    public var mediaType: String

    public init(_ content: Content, mediaType: String) {
        self.content = content
        self.mediaType = mediaType
    }
}
