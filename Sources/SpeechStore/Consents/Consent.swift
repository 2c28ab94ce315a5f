public import Foundation

/// A recording in which somebody consents to the use of a voice.
public struct Consent: Sendable, Hashable, Identifiable {
    public let id: RecordID
    /// For people.
    public let name: String
    /// As `en-US`.
    public let language: String
    public let created: Date
    public let recording: StoredAudio
}
