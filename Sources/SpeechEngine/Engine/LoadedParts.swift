import Synchronization

/// A loaded model, and the way to the thread that speaks with it. The model goes and comes back where its device fails;
/// the way stays.
final class LoadedParts: Sendable {
    struct Parts: Sendable {
        let model: SpeechModel
        let preparation: RequestPreparation
    }

    private struct State {
        var parts: Parts?
        /// Whether it was told that requests are taken.
        var isTold = false
        var isOver = false
        var waiting: [CheckedContinuation<Parts?, Never>] = []
    }

    let mailbox = LoopMailbox()
    private let state = Mutex(State())

    /// What requests are prepared with; nil while the model is being made again.
    var parts: Parts? { state.withLock { $0.parts } }

    /// Puts the model there, or takes it away.
    func set(_ parts: Parts?) {
        state.withLock { state in
            state.parts = parts
            state.isTold = false
        }
    }

    /// Tells those who wait for the model that requests are taken again.
    func tellWaiting() {
        let (waiting, parts) = state.withLock { state in
            state.isTold = true
            defer { state.waiting = [] }
            return (state.waiting, state.parts)
        }
        for continuation in waiting { continuation.resume(returning: parts) }
    }

    /// Says that the model does not come back.
    func end() {
        let waiting = state.withLock { state in
            state.parts = nil
            state.isOver = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: nil) }
    }

    /// Waits for a model that is being made again.
    ///
    /// - Parameter limit: How many may wait.
    /// - Returns: Nil where it does not come back, or where enough wait already.
    func wait(limit: Int) async -> Parts? {
        await withCheckedContinuation { continuation in
            let answer = state.withLock { state -> Parts?? in
                if state.isTold, let parts = state.parts { return .some(parts) }
                if state.isOver || state.waiting.count >= limit { return .some(nil) }
                state.waiting.append(continuation)
                return .none
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }
}
