import HTTPTypes
import Synchronization

/// The calls that clients of Gradio have under way, and the boxes that they read.
final class GradioDesk: Sendable {
    private struct Call {
        let owner: String
        let task: Task<Void, Never>
    }

    private struct State {
        var boxes: [String: GradioBox] = [:]
        var calls: [String: Call] = [:]
    }

    private let state = Mutex(State())
    private let boxLimit = 1000
    /// How long a box waits for a reader.
    private let patience: Duration = .seconds(600)

    /// The box of a session or of a call; nil where nobody put anything in one.
    func box(_ name: String, of owner: String) -> GradioBox? { state.withLock { $0.boxes["\(owner) \(name)"] } }

    /// The same, made where it is not there.
    ///
    /// - Throws: 503 where there are too many.
    func makeBox(_ name: String, of owner: String) throws(APIError) -> GradioBox {
        let (box, abandoned) = state.withLock { state -> (GradioBox?, [GradioBox]) in
            let old = state.boxes.filter { $0.value.idleTime > patience }
            for (key, _) in old { state.boxes[key] = nil }
            let key = "\(owner) \(name)"
            if let box = state.boxes[key] { return (box, Array(old.values)) }
            guard state.boxes.count < boxLimit else { return (nil, Array(old.values)) }
            let box = GradioBox()
            state.boxes[key] = box
            return (box, Array(old.values))
        }
        for box in abandoned { end(box.calls) }
        guard let box else {
            var error = APIError(.serviceUnavailable, .server, code: "queue_full", "Queue is full.")
            error.retryAfterSeconds = 10
            throw error
        }
        return box
    }

    /// Begins a call; its messages go into the box.
    func begin(
        _ event: String, of owner: String, _ box: GradioBox, _ work: @escaping @Sendable () async -> GradioMessage
    ) {
        box.open(event)
        // The task waits for the lock below before it can end, so it always finds its entry.
        state.withLock { state in
            state.calls[event] = Call(
                owner: owner,
                task: Task { [weak self] in
                    let last = await work()
                    self?.state.withLock { _ = $0.calls.removeValue(forKey: event) }
                    box.post(last)
                })
        }
    }

    /// Ends a call of this owner, within a patch.
    func cancel(_ event: String, of owner: String) {
        state.withLock { state in state.calls[event].flatMap { $0.owner == owner ? $0.task : nil } }?.cancel()
    }

    /// A reader has gone, and with it its calls.
    func abandon(_ name: String, of owner: String) {
        let box = state.withLock { $0.boxes.removeValue(forKey: "\(owner) \(name)") }
        guard let box else { return }
        end(box.calls)
        box.close()
    }

    private func end(_ events: Set<String>) {
        let tasks = state.withLock { state in events.compactMap { state.calls[$0]?.task } }
        for task in tasks { task.cancel() }
    }
}
