import Compute
import Dispatch
import Synchronization

/// What reaches the engine's thread from outside, and what wakes it.
final class LoopMailbox: Sendable {
    /// A recording to be encoded.
    struct Encoding: Sendable {
        /// Mono samples at the model's rate.
        let samples: [Float]
        /// Takes the latents; nil where the engine stops before.
        let answer: CheckedContinuation<Result<Matrix, any Error>?, Never>
    }

    struct Content {
        var arrivals: [AcceptedRequest] = []
        var encodings: [Encoding] = []
        /// When what is under way is to be cancelled; nil where nobody wants the engine to stop.
        var drainUntil: ContinuousClock.Instant?
    }

    private struct State {
        var content = Content()
        var isClosed = false
        var isOver = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    /// Wakes the thread.
    func ring() { bell.signal() }

    // MARK: The door's side

    /// Hands a request over; false where the engine takes nothing any longer.
    func post(_ arrival: AcceptedRequest) -> Bool { post { $0.arrivals.append(arrival) } }

    /// Hands a recording over; false where the engine takes nothing any longer.
    func post(_ encoding: Encoding) -> Bool { post { $0.encodings.append(encoding) } }

    private func post(_ add: (inout Content) -> Void) -> Bool {
        let isOpen = state.withLock { state in
            if !state.isClosed { add(&state.content) }
            return !state.isClosed
        }
        if isOpen { ring() }
        return isOpen
    }

    /// Closes the box, and lets the thread end when it has finished what it has, at a time at the latest.
    func drain(until time: ContinuousClock.Instant) {
        state.withLock { state in
            state.isClosed = true
            state.content.drainUntil = min(time, state.content.drainUntil ?? time)
        }
        ring()
    }

    /// Waits until the thread has ended.
    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiting.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }

    // MARK: The thread's side

    /// Everything new.
    func take() -> Content {
        while bell.wait(timeout: .now()) == .success {}
        return state.withLock { state in
            defer {
                state.content.arrivals = []
                state.content.encodings = []
            }
            return state.content
        }
    }

    /// Sleeps until somebody rings, or until a time.
    func sleep(until time: ContinuousClock.Instant?) {
        guard let time else { return bell.wait() }
        let seconds = min(max(0, (time - .now).inSeconds), 1e6)
        _ = bell.wait(timeout: .now() + seconds)
    }

    /// Says that the thread has ended.
    func end() {
        let waiting = state.withLock { state in
            state.isOver = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
