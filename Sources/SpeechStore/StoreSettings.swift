/// What the store keeps at most, and how long.
public struct StoreSettings: Sendable, Equatable {
    /// Whether history is kept. Off: nothing of it is written.
    public var keepsHistory = true
    /// Entries of history kept; older ones go.
    public var historyEntries = 10_000
    /// Bytes of history (audio and texts) kept; older entries go.
    public var historyBytes = 4 << 30
    /// Seconds after which an entry of history goes.
    public var historySeconds: Double = 30 * 86_400

    public var voices = 1_000
    /// Bytes of latents of one voice for one model.
    public var latentsBytes = 64 << 20
    /// Bytes of one audio file of a voice.
    public var voiceAudioBytes = 20 << 20

    /// Bytes of one audio file of history or of a job's part.
    public var speechBytes = 2 << 30
    /// Bytes of audio of all jobs.
    public var jobBytes = 16 << 30
    public var jobParts = 20_000
    /// Jobs that are neither finished nor ended otherwise.
    public var openJobs = 1_000
    /// Seconds after which a job that has ended goes.
    public var endedJobSeconds: Double = 7 * 86_400

    public var keys = 10_000
    /// Bytes of UTF-8 of one text.
    public var textBytes = 1 << 20
    /// Bytes of a set of parameters or timings, as JSON.
    public var jsonBytes = 1 << 20
    /// Bytes that must stay free on the disk when audio is written.
    public var diskFloorBytes = 256 << 20
    /// Seconds to wait for a lock that another program holds on the database.
    public var lockSeconds: Double = 5

    public init() {}
}
