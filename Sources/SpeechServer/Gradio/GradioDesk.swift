import HTTPTypes
import Synchronization

/// The calls that clients of Gradio have under way, and the boxes that they read.
final class GradioDesk: Sendable {
    fileprivate struct Call {
        let owner: String
        let task: Task<Void, Never>
    }

    fileprivate struct State {
        var boxes: [String: GradioBox] = [:]
        var calls: [String: Call] = [:]
    }

    private let state = Mutex(State())
    private let boxLimit: Int
    private let ownerLimit: Int
    /// How long a box waits for a reader.
    private let patience: Duration = .seconds(600)

    /// - Parameters:
    ///   - boxLimit: How many boxes there may be.
    ///   - ownerLimit: How many of them may be of one owner.
    init(boxLimit: Int = 1000, ownerLimit: Int = 100) {
        self.boxLimit = boxLimit
        self.ownerLimit = ownerLimit
    }

    /// The box of a session or of a call; nil where nobody put anything in one.
    func box(_ name: String, of owner: String) -> GradioBox? { state.withLock { $0.boxes["\(owner) \(name)"] } }

    /// The same, made where it is not there. Where there are too many, one that nobody waits at makes room.
    ///
    /// - Throws: 503 where there is none such.
    func makeBox(_ name: String, of owner: String) throws(APIError) -> GradioBox {
        var gone: [GradioBox] = []
        let box = state.withLock { state -> GradioBox? in
            gone = state.remove { $0.idleTime > patience }
            let key = "\(owner) \(name)"
            if let box = state.boxes[key] { return box }
            if state.boxes.values.count(where: { $0.owner == owner }) >= ownerLimit {
                guard let old = state.removeUnused(where: { $0.owner == owner }) else { return nil }
                gone.append(old)
            }
            if state.boxes.count >= boxLimit {
                guard let old = state.removeUnused(where: { _ in true }) else { return nil }
                gone.append(old)
            }
            let box = GradioBox(owner: owner)
            state.boxes[key] = box
            return box
        }
        for box in gone {
            end(box.calls)
            box.close()
        }
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

extension GradioDesk.State {
    /// Takes boxes out.
    fileprivate mutating func remove(where isChosen: (GradioBox) -> Bool) -> [GradioBox] {
        let chosen = boxes.filter { isChosen($0.value) }
        for (key, _) in chosen { boxes[key] = nil }
        return Array(chosen.values)
    }

    /// Takes out the box without calls that nobody has used for the longest time.
    fileprivate mutating func removeUnused(where isChosen: (GradioBox) -> Bool) -> GradioBox? {
        let unused = boxes.filter { isChosen($0.value) && $0.value.calls.isEmpty }
        guard let oldest = unused.max(by: { $0.value.idleTime < $1.value.idleTime }) else { return nil }
        boxes[oldest.key] = nil
        return oldest.value
    }
}
