import Synchronization

/// Carries the events of one request from the engine's thread to its reader, and the reader's wishes back.
///
/// The engine never waits here: audio is bounded by pausing the sequence that makes it, news of which only the latest
/// counts replaces what was not read, and the last event always has a place.
final class EventChannel: Sendable {
    fileprivate struct State {
        /// What was not read, from `first` on.
        var pending: [SpeechEvent] = []
        var first = 0
        var audioSamples = 0
        /// Whether the engine wants to hear when audio has been read.
        var isAwaitingRoom = false
        var isFinished = false
        var waiters: [CheckedContinuation<SpeechEvent?, Never>] = []
        var lastRead = ContinuousClock.now
        var cancelReason: CancelReason?
    }

    private let state = Mutex(State())
    /// Wakes the engine's thread.
    private let wake: @Sendable () -> Void
    /// Samples of waiting audio under which the engine is woken where it waits for room.
    private let resumeSamples: Int

    init(resumeSamples: Int, wake: @escaping @Sendable () -> Void) {
        self.resumeSamples = resumeSamples
        self.wake = wake
    }

    // MARK: The engine's side

    /// Adds an event; does nothing after the last.
    func send(_ event: SpeechEvent) {
        let waiter = state.withLock { state -> CheckedContinuation<SpeechEvent?, Never>? in
            guard !state.isFinished else { return nil }
            if case .finished = event { state.isFinished = true }
            if !state.waiters.isEmpty {
                state.lastRead = .now
                return state.waiters.removeFirst()
            }
            state.add(event)
            return nil
        }
        waiter?.resume(returning: event)
        guard case .finished = event else { return }
        for waiter in state.withLock({ $0.takeWaiters() }) { waiter.resume(returning: nil) }
    }

    /// Why the reader wants the request to end; nil where it does not.
    var cancelReason: CancelReason? { state.withLock { $0.cancelReason } }

    /// Samples that wait for the reader.
    var audioSamples: Int { state.withLock { $0.audioSamples } }

    /// Says whether there is room again, and asks to be woken where there is none.
    func awaitRoom() -> Bool {
        state.withLock { state in
            state.isAwaitingRoom = state.audioSamples > resumeSamples
            return !state.isAwaitingRoom
        }
    }

    /// When the reader last took something.
    var lastRead: ContinuousClock.Instant { state.withLock { $0.lastRead } }

    // MARK: The reader's side

    /// The next event; nil after the last.
    func next() async -> SpeechEvent? {
        await withCheckedContinuation { continuation in
            enum Answer {
                case event(SpeechEvent?, wakes: Bool)
                case later
            }
            let answer: Answer = state.withLock { state in
                state.lastRead = .now
                if let event = state.take() {
                    let wakes = state.isAwaitingRoom && state.audioSamples <= resumeSamples
                    if wakes { state.isAwaitingRoom = false }
                    return .event(event, wakes: wakes)
                }
                if state.isFinished { return .event(nil, wakes: false) }
                state.waiters.append(continuation)
                return .later
            }
            guard case .event(let event, let wakes) = answer else { return }
            continuation.resume(returning: event)
            if wakes { wake() }
        }
    }

    /// Asks for the end. The first reason counts.
    func cancel(_ reason: CancelReason) {
        let isNews = state.withLock { state in
            guard state.cancelReason == nil, !state.isFinished else { return false }
            state.cancelReason = reason
            return true
        }
        if isNews { wake() }
    }
}

extension EventChannel.State {
    /// Appends an event, or replaces the last one where only the latest counts.
    fileprivate mutating func add(_ event: SpeechEvent) {
        if case .audio(let samples, _) = event { audioSamples += samples.count }
        if first < pending.count {
            switch (pending[pending.count - 1], event) {
            case (.queued, .queued), (.progress, .progress):
                pending[pending.count - 1] = event
                return
            default: break
            }
            if case .progress = event, let old = pending[first...].lastIndex(where: \.isProgress) {
                pending.remove(at: old)
            }
        }
        pending.append(event)
    }

    fileprivate mutating func take() -> SpeechEvent? {
        guard first < pending.count else { return nil }
        let event = pending[first]
        first += 1
        if case .audio(let samples, _) = event { audioSamples -= samples.count }
        if first == pending.count || first > 64 {
            pending.removeFirst(first)
            first = 0
        }
        return event
    }

    fileprivate mutating func takeWaiters() -> [CheckedContinuation<SpeechEvent?, Never>] {
        defer { waiters = [] }
        return waiters
    }
}

extension SpeechEvent {
    fileprivate var isProgress: Bool {
        if case .progress = self { true } else { false }
    }
}
