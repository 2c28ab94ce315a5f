public import Foundation

/// A batch of lines or a long text: speech that takes longer than a client waits, part by part.
public struct Job: Sendable, Hashable, Identifiable {
    public enum Kind: String, Sendable, CaseIterable {
        /// Parts are lines of their own.
        case batch
        /// Parts are cut out of one text and belong together.
        case longText
    }

    public enum State: String, Sendable, CaseIterable {
        case queued, running
        /// All parts are there.
        case finished
        /// It ended with parts missing.
        case failed
        case cancelled

        /// Whether work is left to do.
        public var isOpen: Bool { self == .queued || self == .running }
    }

    public let id: RecordID
    /// Grows with every job: where a page of the list ends.
    public let number: Int64
    public let kind: Kind
    public let title: String
    public let state: State
    public let model: String
    /// The saved voice; nil for a built-in one, or one that was deleted.
    public let voice: RecordID?
    /// The name of a saved or built-in voice.
    public let voiceName: String?
    public let parameters: JSONText
    /// The key that started it.
    public let owner: RecordID?
    /// Why it failed.
    public let failure: String?
    public let created: Date
    public let changed: Date
    public let partCount: Int
    public let finishedParts: Int
    public let failedParts: Int
}

/// A job to be queued.
public struct NewJob: Sendable {
    public var kind: Job.Kind
    public var title: String
    public var model: String
    /// A saved voice. Parameters must not name it: they stay as they are when the voice is deleted.
    public var voice: RecordID?
    /// The name of a built-in voice; saved voices have theirs.
    public var builtInVoice: String?
    public var parameters: JSONText
    public var owner: RecordID?
    /// A client's own name for this job, so that sending it twice queues it once.
    public var idempotencyKey: String?
    /// The parts' texts, in order.
    public var parts: [String]

    public init(
        kind: Job.Kind, title: String, model: String, voice: RecordID? = nil, builtInVoice: String? = nil,
        parameters: JSONText = .empty, owner: RecordID? = nil, idempotencyKey: String? = nil, parts: [String]
    ) {
        self.kind = kind
        self.title = title
        self.model = model
        self.voice = voice
        self.builtInVoice = builtInVoice
        self.parameters = parameters
        self.owner = owner
        self.idempotencyKey = idempotencyKey
        self.parts = parts
    }
}

/// A part of a job.
public struct JobPart: Sendable, Hashable {
    /// From 0.
    public let position: Int
    public let text: String
    public let state: Job.State
    /// How often it was started. A part that takes the process down with it shows here.
    public let tries: Int
    /// What it was spoken with, once it is finished.
    public let seed: UInt64?
    public let timings: JSONText?
    public let audio: StoredAudio?
    public let failure: String?
}

/// What became of a part.
public struct PartResult: Sendable {
    public var audio: NewAudio
    public var seed: UInt64
    public var timings: JSONText

    public init(audio: NewAudio, seed: UInt64, timings: JSONText = .empty) {
        self.audio = audio
        self.seed = seed
        self.timings = timings
    }
}
