public import Foundation

/// A voice that somebody saved.
public struct Voice: Sendable, Hashable, Identifiable {
    public let id: RecordID
    /// For people; unique.
    public let name: String
    /// What is said in the reference, word for word.
    public let transcript: String
    /// Who consented to the use of this voice, and how.
    public let consent: String
    public let created: Date
    /// The recording that speech continues. Its digest says which recording the consent is about.
    public let reference: StoredAudio
    /// A sample of the voice's speech.
    public let preview: StoredAudio?
    /// The key that saved it.
    public let owner: RecordID?
}

/// A voice to be saved.
public struct NewVoice: Sendable {
    public var name: String
    public var transcript: String
    public var consent: String
    public var reference: NewAudio
    public var preview: NewAudio?
    /// The key that saves it.
    public var owner: RecordID?
    /// The recording that the consent was given in.
    public var consentRecording: RecordID?

    public init(name: String, transcript: String, consent: String, reference: NewAudio, preview: NewAudio? = nil) {
        self.name = name
        self.transcript = transcript
        self.consent = consent
        self.reference = reference
        self.preview = preview
    }
}

/// What becomes of speech when the voice that spoke it is deleted.
public enum SpokenAudio: Sendable {
    /// History and jobs stay, without a word of whose voice it was.
    case keptWithoutVoice
    /// Entries of history and jobs that were spoken with the voice go too.
    case deleted
}
