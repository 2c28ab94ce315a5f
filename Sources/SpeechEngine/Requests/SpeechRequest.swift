/// Silences between the parts of a text, in seconds. They lie where parts end, see ``PartCutting``.
public struct SpeechPauses: Sendable, Equatable {
    /// After a part that ends inside a sentence.
    public var clause: Double
    /// After a part that ends a sentence.
    public var sentence: Double
    /// After a part that ends a paragraph.
    public var paragraph: Double

    public init(clause: Double = 0, sentence: Double = 0, paragraph: Double = 0) {
        self.clause = clause
        self.sentence = sentence
        self.paragraph = paragraph
    }

    public static let none = SpeechPauses()

    /// The longest pause that is taken, in seconds.
    public static let longest = 10.0
}

/// Whose voice speaks.
public enum SpeechVoice: Sendable {
    /// The model's default voice; where it has none, as ``none``.
    case modelDefault
    /// Nobody's: the model makes one up for the first part, and goes on with it.
    case none
    /// A voice that comes with the model.
    case builtIn(String)
    /// A voice from a recording; see ``SpeechEngine/voice(recording:transcript:)``.
    case prompt(VoicePrompt)
}

/// What to speak, and how. Only ``text`` is needed.
public struct SpeechRequest: Sendable {
    /// The text; of any length that ``EngineConfiguration/textLimitBytes`` allows. Phonemes may stand in braces.
    public var text: String
    public var voice: SpeechVoice = .modelDefault
    /// Guidance, 0 to 100: how hard the text is followed; nil for the model's default.
    public var cfg: Double?
    /// How much chance there is in the sound, 0 to 10; nil for the model's default.
    public var temperature: Double?
    /// Steps to draw each patch of sound, 1 to 1000; nil for the model's default.
    public var steps: Int?
    /// The same seed gives the same speech; nil for a random one, which ``SpeechTicket/seed`` tells.
    public var seed: UInt64?
    /// The longest speech in all, in seconds, pauses included; nil for no limit.
    public var maxSeconds: Double?
    /// Attempts at each part, 1 to 20, where one comes out badly (``BadCase``) and nothing of it was delivered yet.
    public var attempts = 3
    /// How many times as fast as the model speaks it is heard, 0.25 to 4, at the same pitch. Times and lengths everywhere are
    /// those of what is heard; ``pauses`` stay as long as they are. It changes nothing of what the model says.
    public var speed = 1.0
    /// How much of each part's beginning is held back, in seconds of the model's speech: 0 sends every patch as it is
    /// made, and leaves nothing to try again; infinity sends each part when it is accepted.
    public var heldBackSeconds = 0.0
    public var cutting = PartCutting.paragraphs
    public var pauses = SpeechPauses.none
    /// Whether English numbers and abbreviations are spelled out for a model that reads the text itself.
    public var spellsOut = false
    /// Whose request it is: the key of limits and of fairness.
    public var owner = ""
    /// The longest wait for a place; nil for the engine's limit, which holds in any case.
    public var queueDeadline: Duration?
    /// The longest time from acceptance to the end; nil for the engine's limit, which holds in any case.
    public var totalDeadline: Duration?

    public init(_ text: String) { self.text = text }
}
