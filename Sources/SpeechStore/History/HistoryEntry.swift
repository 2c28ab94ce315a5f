public import Foundation

/// Something that was spoken.
public struct HistoryEntry: Sendable, Hashable, Identifiable {
    public let id: RecordID
    /// Grows with every entry: where a page of the list ends.
    public let number: Int64
    public let created: Date
    public let text: String
    public let model: String
    /// The saved voice; nil for a built-in one, or one that was deleted.
    public let voice: RecordID?
    /// The name of a saved or built-in voice.
    public let voiceName: String?
    public let seed: UInt64
    public let parameters: JSONText
    public let timings: JSONText
    public let audio: StoredAudio
    /// The key that asked for it.
    public let owner: RecordID?
}

/// Something that was spoken, to be kept.
public struct NewHistoryEntry: Sendable {
    /// What the entry will be called; made beforehand so that it can be told before there is anything to keep.
    public var id = RecordID()
    public var text: String
    public var model: String
    /// A saved voice. Parameters must not name it: they stay as they are when the voice is deleted.
    public var voice: RecordID?
    /// The name of a built-in voice; saved voices have theirs.
    public var builtInVoice: String?
    public var seed: UInt64
    public var parameters: JSONText
    public var timings: JSONText
    public var audio: NewAudio
    /// The key that asked for it.
    public var owner: RecordID?

    public init(
        text: String, model: String, voice: RecordID? = nil, builtInVoice: String? = nil, seed: UInt64,
        parameters: JSONText = .empty, timings: JSONText = .empty, audio: NewAudio
    ) {
        self.text = text
        self.model = model
        self.voice = voice
        self.builtInVoice = builtInVoice
        self.seed = seed
        self.parameters = parameters
        self.timings = timings
        self.audio = audio
    }
}
