public import Foundation

/// What a speech service keeps: the door that another store (a database server, an object store) would have to fit.
///
/// All functions may be called at any time from any task. They throw ``StoreError``, and `CancellationError` where the
/// calling task was cancelled before anything changed.
public protocol SpeechStoring: VoiceStoring, ConsentStoring, HistoryStoring, JobStoring, KeyStoring, SettingsStoring {
    /// Where the bytes of an audio file can be read on this machine.
    func file(of audio: StoredAudio) -> URL
    /// How much of the disk is taken.
    func usage() async throws -> StoreUsage
}

/// Voices that people saved.
public protocol VoiceStoring: Sendable {
    /// Saves a voice. Its name is unique, whatever the case of its ASCII letters.
    func addVoice(_ voice: NewVoice) async throws -> Voice
    func voice(_ id: RecordID) async throws -> Voice
    /// The voice of a name; nil where there is none.
    func voice(named name: String) async throws -> Voice?
    /// All voices, oldest first.
    func voices() async throws -> [Voice]
    func renameVoice(_ id: RecordID, to name: String) async throws -> Voice
    /// Gives a voice a sample of its speech, in place of an earlier one.
    func setPreview(_ audio: NewAudio, of id: RecordID) async throws -> Voice
    /// The encoded reference for a model; nil where it was not encoded for that one yet.
    func latents(of id: RecordID, modelDigest: String) async throws -> Data?
    /// Keeps the encoded reference for a model, in place of an earlier one.
    func setLatents(_ content: Data, of id: RecordID, modelDigest: String) async throws
    /// Removes a voice and all traces of it: see ``SpokenAudio`` for what was spoken with it.
    func deleteVoice(_ id: RecordID, spoken: SpokenAudio) async throws
    /// The voice as one zip archive that ``importVoice(_:name:owner:)`` reads here and elsewhere.
    func exportVoice(_ id: RecordID) async throws -> Data
    /// Saves a voice of an exported file.
    ///
    /// - Parameter name: Another name than the file's.
    func importVoice(_ file: Data, name: String?, owner: RecordID?) async throws -> Voice
}

/// What was spoken, unless that is switched off.
public protocol HistoryStoring: Sendable {
    /// Keeps what was spoken, and lets older entries go where the caps say so.
    ///
    /// - Returns: nil where history is switched off; then nothing is written.
    func record(_ entry: NewHistoryEntry) async throws -> HistoryEntry?
    func historyEntry(_ id: RecordID) async throws -> HistoryEntry
    /// Entries, newest first.
    ///
    /// - Parameter before: The number of the last entry of the page before.
    /// - Parameter owner: Only what this key had spoken; nil for all.
    func history(owner: RecordID?, before: Int64?, limit: Int) async throws -> [HistoryEntry]
    func deleteHistoryEntry(_ id: RecordID) async throws
    /// - Parameter owner: Only what this key had spoken; nil for all.
    func clearHistory(owner: RecordID?) async throws
}

/// Batches of lines and long texts, which outlive the process that started them.
public protocol JobStoring: Sendable {
    /// Queues a job. One with an idempotency key that its owner used before is not queued again.
    ///
    /// - Returns: The new job, or the earlier one.
    func addJob(_ job: NewJob) async throws -> Job
    func job(_ id: RecordID) async throws -> Job
    /// Jobs, newest first, of one owner where one is given.
    func jobs(owner: RecordID?, before: Int64?, limit: Int) async throws -> [Job]
    func parts(of job: RecordID) async throws -> [JobPart]
    /// One part; nil where the job has none at this position.
    func part(_ position: Int, of job: RecordID) async throws -> JobPart?
    /// Takes the oldest queued job to run it; nil where there is none.
    func startNextJob() async throws -> Job?
    /// Takes the first queued part of a running job to speak it; nil where there is none left.
    func startNextPart(of job: RecordID) async throws -> JobPart?
    /// Keeps the audio of a running part. The last part of a job finishes the job.
    func finishPart(_ position: Int, of job: RecordID, with result: PartResult) async throws
    /// Says why a running part could not be spoken. The last part of a job ends the job.
    func failPart(_ position: Int, of job: RecordID, because reason: String) async throws
    /// Says why nothing more of a running job can be spoken, and ends it. Finished parts stay.
    func failOpenParts(of job: RecordID, because reason: String) async throws
    /// Ends a job that was not finished. Finished parts stay.
    func cancelJob(_ id: RecordID) async throws
    /// Queues everything again that is running, for a process that ends.
    func releaseJobs() async throws
    /// Removes a job and its audio, whatever its state.
    func deleteJob(_ id: RecordID) async throws
}

/// Recordings in which people consent to the use of their voices.
public protocol ConsentStoring: Sendable {
    func addConsent(name: String, language: String, recording: NewAudio) async throws -> Consent
    func consent(_ id: RecordID) async throws -> Consent
    /// All consents, oldest first.
    func consents() async throws -> [Consent]
    /// Removes a consent that no voice rests on.
    func deleteConsent(_ id: RecordID) async throws
}

/// What is set, and what other rooms want to find again after a restart.
public protocol SettingsStoring: Sendable {
    var settings: StoreSettings { get }
    /// Changes the settings, and lets go at once what they no longer permit. A restart begins with those of the opening.
    func changeSettings(_ change: @escaping @Sendable (inout StoreSettings) -> Void) async throws
    /// What was kept under a name; nil where nothing was.
    func remembered(_ name: String) async throws -> JSONText?
    func remember(_ value: JSONText, as name: String) async throws
}

/// Keys of clients.
public protocol KeyStoring: Sendable {
    /// Makes a key. Its secret is returned here and never again.
    func addKey(name: String, limits: KeyLimits, isAdmin: Bool) async throws -> (key: APIKey, secret: String)
    func key(_ id: RecordID) async throws -> APIKey
    /// All keys, oldest first, also revoked ones.
    func keys() async throws -> [APIKey]
    /// The key that a client showed; nil where it is unknown or revoked.
    func key(for secret: String) async throws -> APIKey?
    func setLimits(_ limits: KeyLimits, of id: RecordID) async throws -> APIKey
    /// Makes a key useless, for good.
    func revokeKey(_ id: RecordID) async throws
    /// Removes a key; jobs that it started lose their owner.
    func deleteKey(_ id: RecordID) async throws
}
