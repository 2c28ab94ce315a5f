/// Requests in, streams of audio out: the door of the house's engine.
///
/// The actor checks and counts; one thread of its own computes. Requests are spoken together, patch by patch, and what
/// each says does not depend on the others. See `docs/ARCHITECTURE.md`.
public actor SpeechEngine {
    public nonisolated let configuration: EngineConfiguration

    /// An engine without a model.
    ///
    /// - Parameter observer: Hears what happens, for metrics.
    public init(
        _ configuration: EngineConfiguration = EngineConfiguration(), observer: any EngineObserver = NoObserver()
    ) {
        self.configuration = configuration
    }

    /// What the engine is doing.
    public nonisolated var state: EngineState { .unloaded }

    /// The model that is loaded.
    public nonisolated var model: SpeechModel? { nil }

    /// Loads a model, on a thread of its own, and lays out the memory for it.
    ///
    /// - Parameter make: Makes the model, and reports how far it is, 0 to 1.
    /// - Throws: ``EngineLoadError``, and what `make` throws; the engine is unloaded again then.
    public func load(
        _ make: @escaping @Sendable (_ progress: @escaping @Sendable (Double) -> Void) throws -> SpeechModel
    ) async throws {}

    /// Gives the model back: takes nothing more, finishes what is under way, and is unloaded then.
    ///
    /// - Parameter draining: How long requests may go on; after that they are cancelled with
    ///   ``CancelReason/shutdown``.
    public func unload(draining: Duration = .seconds(30)) async {}

    /// Unloads and takes nothing ever after.
    public func stop(draining: Duration = .seconds(30)) async {}

    /// Takes a request in.
    ///
    /// What cannot be spoken is refused before it waits. The parts of the text are cut here, off the engine's thread.
    ///
    /// - Throws: ``AdmissionError``.
    public func submit(_ request: SpeechRequest) async throws(AdmissionError) -> SpeechTicket { throw .unloaded }

    /// Makes a voice of a recording. The same recording is encoded once, and kept as long as
    /// ``EngineConfiguration/voiceCacheBytes`` has room.
    ///
    /// - Parameters:
    ///   - recording: Mono samples at ``SpeechModel/sampleRateHz``.
    ///   - transcript: What is said in it, word for word.
    /// - Throws: ``AdmissionError`` where the engine is not ready or the recording is empty or leaves no room for speech.
    public func voice(recording: [Float], transcript: String) async throws(AdmissionError) -> VoicePrompt {
        throw .unloaded
    }

    /// The engine at this moment.
    public nonisolated func snapshot() -> EngineSnapshot { EngineSnapshot(state: .unloaded) }
}
