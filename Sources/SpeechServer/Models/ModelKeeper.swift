public import SpeechEngine
import Synchronization

/// Switches models while the server runs.
public protocol ModelSwitching: Sendable {
    /// The models of this machine.
    func names() -> [String]
    /// The one that speaks, or will.
    var chosen: String { get }
    /// Begins to load another model, or the same again. What is under way has half a minute.
    func beginLoading(_ name: String)
    /// Gives the model's memory back until the next request.
    func beginIdling()
    /// After how long without work the model is given back; nil for never.
    var idleTime: Duration? { get }
    func setIdleTime(_ time: Duration?)
}

/// An engine whose model comes and goes: it is switched on wish, given back when nobody needs it, and loaded again by the
/// next request. So it is where its device has failed and it could not be loaded again at once.
public final class ModelKeeper: SpeechSource, ModelSwitching {
    /// Where models come from.
    public struct Shelf: Sendable {
        let names: @Sendable () -> [String]
        let make: @Sendable (String, ModelPlace, @escaping @Sendable (Double) -> Void) throws -> SpeechModel

        /// - Parameter make: Loads a model of a name in a place, and reports how far it is, 0 to 1.
        public init(
            names: @escaping @Sendable () -> [String],
            make: @escaping @Sendable (String, ModelPlace, @escaping @Sendable (Double) -> Void) throws -> SpeechModel
        ) {
            self.names = names
            self.make = make
        }

        /// - Parameter make: Loads a model of a name in its one place, and reports how far it is, 0 to 1.
        public init(
            names: @escaping @Sendable () -> [String],
            make: @escaping @Sendable (String, @escaping @Sendable (Double) -> Void) throws -> SpeechModel
        ) {
            self.init(names: names) { name, place, progress in
                if place == .processor { throw EngineLoadError.noOtherPlace }
                return try make(name, progress)
            }
        }
    }

    private struct State {
        var chosen: String
        /// What clients are told while the model is away.
        var lastLoaded: LoadedModel?
        var isIdle = false
        var isStopped = false
        var idleTime: Duration?
        var lastWork = ContinuousClock.now
        /// The last change that was begun; each waits for the one before.
        var change: Task<Void, any Error>?
        /// Changes that were begun and are not over.
        var changes = 0
        /// The loading of an idle model, as long as it goes on.
        var waking: Task<Void, any Error>?
    }

    private let engine: SpeechEngine
    private let shelf: Shelf
    private let onEvent: @Sendable (String) -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - chosen: The name of the model to begin with; ``loadFirst()`` loads it.
    ///   - onEvent: Hears of what happens, for the log.
    public init(
        _ engine: SpeechEngine, shelf: Shelf, chosen: String, onEvent: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.engine = engine
        self.shelf = shelf
        self.onEvent = onEvent
        state = Mutex(State(chosen: chosen))
    }

    /// Loads the model that was chosen.
    ///
    /// - Throws: What loading throws.
    public func loadFirst() async throws {
        try await state.withLock { change(&$0) { try await $0.load($0.chosen) } }.value
    }

    /// Gives the model back when nobody has needed it for long enough. Returns when the task is cancelled.
    public func watchIdleness() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            let snapshot = engine.snapshot()
            let isDue = state.withLock { state in
                if snapshot.active > 0 || snapshot.queueDepth > 0 { state.lastWork = .now }
                guard let time = state.idleTime, !state.isIdle, snapshot.state == .ready else { return false }
                return .now - state.lastWork >= time
            }
            if isDue { beginIdling() }
        }
    }

    // MARK: Switching

    public func names() -> [String] { shelf.names() }
    public var chosen: String { state.withLock { $0.chosen } }
    public var idleTime: Duration? { state.withLock { $0.idleTime } }
    public func setIdleTime(_ time: Duration?) { state.withLock { $0.idleTime = time } }

    public func beginLoading(_ name: String) {
        state.withLock { state in
            state.chosen = name
            state.isIdle = false
            _ = change(&state) { keeper in
                await keeper.engine.unload(draining: .seconds(30))
                try await keeper.load(name)
            }
        }
    }

    public func beginIdling() {
        state.withLock { state in
            guard !state.isIdle else { return }
            state.isIdle = true
            _ = change(&state) { keeper in
                await keeper.engine.unload(draining: .seconds(30))
                keeper.onEvent("model given back")
            }
        }
    }

    /// Begins a change that comes after those before it.
    private func change(
        _ state: inout State, _ work: @escaping @Sendable (ModelKeeper) async throws -> Void
    ) -> Task<Void, any Error> {
        let before = state.change
        state.changes += 1
        let task = Task {
            defer { self.state.withLock { $0.changes -= 1 } }
            _ = await before?.result
            if self.state.withLock({ $0.isStopped }) { return }
            do { try await work(self) } catch {
                self.onEvent("model not loaded: \(error)")
                throw error
            }
        }
        state.change = task
        return task
    }

    private func load(_ name: String) async throws {
        let (make, onEvent) = (shelf.make, onEvent)
        try await engine.load {
            onEvent("\($0)")
        } _: { place, progress in
            let model = try make(name, place, progress)
            if place != .device { onEvent("model \(name) loaded again on \(model.device)") }
            return model
        }
        let loaded = engine.loaded
        state.withLock { state in
            state.lastLoaded = loaded
            state.lastWork = .now
        }
        onEvent("model \(name) loaded")
    }

    /// Brings an idle model back; all who come meanwhile wait for it together.
    private func wake() async throws(AdmissionError) {
        let waking = state.withLock { state -> Task<Void, any Error>? in
            state.lastWork = .now
            // A failure of its device has taken it away.
            let isLost = state.changes == 0 && state.lastLoaded != nil && engine.state == .unloaded
            guard state.isIdle || isLost else { return state.waking }
            state.isIdle = false
            state.waking = change(&state) { keeper in
                defer { keeper.state.withLock { $0.waking = nil } }
                do { try await keeper.load(keeper.chosen) } catch {
                    keeper.state.withLock { $0.isIdle = true }
                    throw error
                }
            }
            return state.waking
        }
        if let waking, case .failure = await waking.result { throw .unloaded }
    }

    // MARK: Speaking

    public var isIdle: Bool { state.withLock { $0.isIdle } }
    public var isChanging: Bool { state.withLock { $0.changes > 0 && !$0.isStopped } || engine.isRecovering }

    public var loaded: LoadedModel? {
        engine.loaded
            ?? state.withLock { $0.isIdle || $0.waking != nil || engine.isRecovering ? $0.lastLoaded : nil }
    }

    public func submit(_ request: SpeechRequest) async throws(AdmissionError) -> SpeechTicket {
        try await wake()
        return try await engine.submit(request)
    }

    public func voice(recording: [Float], transcript: String) async throws(AdmissionError) -> VoicePrompt {
        try await wake()
        return try await engine.voice(recording: recording, transcript: transcript)
    }

    public func voice(latentValues: [Float], transcript: String) async throws(AdmissionError) -> VoicePrompt {
        try await wake()
        return try await engine.voice(latentValues: latentValues, transcript: transcript)
    }

    public func forgetVoices() async { await engine.forgetVoices() }
    public func tokenCount(of text: String) -> Int { engine.tokenCount(of: text) }
    public func snapshot() -> EngineSnapshot { engine.snapshot() }

    public func stop(draining: Duration) async {
        state.withLock { $0.isStopped = true }
        await engine.stop(draining: draining)
    }
}
