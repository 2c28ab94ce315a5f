import Synchronization

/// Whose a stream is, and since when nothing was said.
final class StreamClock: Sendable {
    private struct State {
        var owner: Caller?
        var lastMessage = ContinuousClock.now
    }

    private let state: Mutex<State>
    let start = ContinuousClock.now

    /// - Parameter owner: Nil where a key is still to come.
    init(owner: Caller?) { state = Mutex(State(owner: owner)) }

    var owner: Caller? { state.withLock { $0.owner } }
    /// How long the client has said nothing.
    var silence: Duration { state.withLock { .now - $0.lastMessage } }

    func open(_ owner: Caller) { state.withLock { $0.owner = owner } }
    func touch() { state.withLock { $0.lastMessage = .now } }
}
