import NIOCore
import Synchronization

/// What waits for one reader: the messages of a session, or of a single call.
final class GradioBox: Sendable {
    fileprivate struct State {
        var messages: [GradioMessage] = []
        var waiter: CheckedContinuation<GradioMessage?, Never>?
        /// Calls that are not over for the reader.
        var calls: Set<String> = []
        var isClosed = false
        var lastUse = ContinuousClock.now
    }

    let owner: String
    private let state = Mutex(State())

    init(owner: String) { self.owner = owner }

    /// Calls that are not over for the reader.
    var calls: Set<String> { state.withLock { $0.calls } }
    /// How long nobody has put anything in or taken anything out.
    var idleTime: Duration { state.withLock { .now - $0.lastUse } }

    /// A call begins.
    func open(_ event: String) { state.withLock { _ = $0.calls.insert(event) } }

    func post(_ message: GradioMessage) {
        let waiter = state.withLock { state -> CheckedContinuation<GradioMessage?, Never>? in
            guard !state.isClosed else { return nil }
            state.lastUse = .now
            if let waiter = state.waiter {
                state.waiter = nil
                return waiter
            }
            state.add(message)
            return nil
        }
        waiter?.resume(returning: message)
    }

    /// The next message; a heartbeat where there is none for a while, and nil for a reader that another has replaced, or
    /// that has gone.
    func next(on loop: any EventLoop, beat: Duration) async -> GradioMessage? {
        let timer = loop.scheduleTask(in: TimeAmount(beat)) { [self] in
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(returning: .heartbeat)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let (old, answer) = state.withLock {
                state -> (CheckedContinuation<GradioMessage?, Never>?, GradioMessage??) in
                state.lastUse = .now
                let old = state.waiter
                state.waiter = nil
                if !state.messages.isEmpty { return (old, .some(state.messages.removeFirst())) }
                if state.isClosed { return (old, .some(nil)) }
                state.waiter = continuation
                return (old, nil)
            }
            old?.resume(returning: nil)
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// A call is over for the reader.
    ///
    /// - Returns: Whether it was the last.
    func settle(_ event: String) -> Bool {
        state.withLock { state in
            state.calls.remove(event)
            return state.calls.isEmpty
        }
    }

    /// The reader has gone.
    func close() {
        let waiter = state.withLock { state in
            state.isClosed = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }
}

extension GradioBox.State {
    /// Appends a message; old news of progress and place is replaced.
    fileprivate mutating func add(_ message: GradioMessage) {
        switch (messages.last, message) {
        case (.progress(let old, _, _)?, .progress(let new, _, _)) where old == new,
            (.estimation(let old, _, _)?, .estimation(let new, _, _)) where old == new:
            messages[messages.count - 1] = message
        default: messages.append(message)
        }
    }
}
