import Synchronization
import VoxCPM

/// The books of an engine: who is there, what was done, how fast it goes. The door and the engine's thread both write
/// them, for a moment each.
final class EngineLedger: Sendable {
    fileprivate struct State {
        var snapshot = EngineSnapshot(state: .unloaded)
        var nextID: UInt64 = 1
        /// Whether the loading mends a failure.
        var isRecovering = false
        /// Samples that are still expected of all requests, and the rate they have.
        var expectedSamples = 0
        var sampleRateHz = 1
        /// Seconds of sound of the last steps, and what they and the reading between them took; older ones count less.
        var recent = (sound: 0.0, time: 0.0)
    }

    let observer: any EngineObserver
    private let state = Mutex(State())

    init(_ observer: any EngineObserver) { self.observer = observer }

    var snapshot: EngineSnapshot {
        state.withLock { state in
            var snapshot = state.snapshot
            snapshot.expectedSeconds = Double(state.expectedSamples) / Double(state.sampleRateHz)
            return snapshot
        }
    }

    // MARK: Life

    var engineState: EngineState { state.withLock { $0.snapshot.state } }

    /// Goes over to loading, where there is nothing yet.
    func beginLoading() throws(EngineLoadError) {
        let found = state.withLock { state -> EngineState in
            let found = state.snapshot.state
            if found == .unloaded { state.snapshot.state = .loading(0) }
            return found
        }
        guard found == .unloaded else { throw .busy(found) }
    }

    func loading(_ progress: Double) {
        state.withLock { state in
            if case .loading = state.snapshot.state { state.snapshot.state = .loading(min(max(progress, 0), 1)) }
        }
    }

    /// Is ready; false where somebody has stopped the engine meanwhile.
    ///
    /// - Parameter fault: Why the processor computes in the place of the device that was chosen.
    func ready(_ memory: MemoryPlan, sampleRateHz: Int, fault: DeviceFault? = nil) -> Bool {
        state.withLock { state in
            guard case .loading = state.snapshot.state else { return false }
            state.snapshot.state = .ready
            state.snapshot.fault = fault
            state.isRecovering = false
            state.snapshot.memory = memory
            state.sampleRateHz = sampleRateHz
            return true
        }
    }

    /// Notes that the device has failed. What was ready is loading then, until the model is there again.
    func failed(_ fault: DeviceFault) {
        state.withLock { state in
            switch state.snapshot.state {
            case .ready, .draining: state.snapshot.counters.deviceFaults += 1
            // Loading it again has failed, too, which is no failure of its own.
            case .unloaded, .loading, .stopped: break
            }
            if state.snapshot.state == .ready, fault.next != .nothing {
                state.snapshot.state = .loading(0)
                state.isRecovering = true
            }
            state.snapshot.fault = fault
        }
    }

    /// Whether the model is being made again after a failure of its device.
    var isRecovering: Bool { state.withLock { $0.isRecovering } }

    /// Notes that the model does not come back after a failure.
    func lost() {
        state.withLock { state in
            state.isRecovering = false
            guard state.snapshot.state != .stopped, state.snapshot.state != .draining else { return }
            state.snapshot.state = .unloaded
            state.snapshot.memory = nil
        }
    }

    /// Goes over to another state; nothing follows ``EngineState/stopped``.
    func move(to next: EngineState) {
        state.withLock { state in
            guard state.snapshot.state != .stopped else { return }
            state.snapshot.state = next
            state.isRecovering = false
            if next == .unloaded || next == .stopped { state.snapshot.fault = nil }
            if next == .unloaded || next == .stopped { state.snapshot.memory = nil }
        }
    }

    // MARK: Admission

    /// Refuses where the engine is not ready.
    func checkReady() throws(AdmissionError) {
        if let refusal = state.withLock({ $0.refusal }) { throw refusal }
    }

    /// Takes a place in the queue and in the owner's count.
    func reserve(owner: String, _ configuration: EngineConfiguration) throws(AdmissionError) -> SpeechID {
        let answer = state.withLock { state -> Result<SpeechID, AdmissionError> in
            if let refusal = state.refusal { return .failure(refusal) }
            let own = state.snapshot.owners[owner, default: 0]
            if let limit = configuration.ownerLimit, own >= limit {
                let time = state.departureInterval * Double(state.outstanding) / Double(max(own, 1))
                return .failure(.ownerLimit(limit: limit, retryAfter: State.retry(time)))
            }
            guard state.snapshot.queueDepth < configuration.queueCapacity else {
                return .failure(
                    .queueFull(
                        capacity: configuration.queueCapacity, retryAfter: State.retry(state.departureInterval)))
            }
            state.snapshot.queueDepth += 1
            state.snapshot.owners[owner] = own + 1
            state.nextID += 1
            return .success(SpeechID(number: state.nextID - 1))
        }
        return try answer.get()
    }

    /// Gives a reserved place back.
    func withdraw(owner: String) {
        state.withLock { state in
            state.snapshot.queueDepth -= 1
            state.leave(owner)
        }
    }

    /// Counts a request that was taken in.
    func accepted(expectedSamples: Int) {
        state.withLock { state in
            state.snapshot.counters.accepted += 1
            state.expectedSamples += expectedSamples
        }
        observer.accepted()
    }

    /// Takes ``accepted(expectedSamples:)`` back: the engine closed in that moment.
    func revoked(expectedSamples: Int) {
        state.withLock { state in
            state.snapshot.counters.accepted -= 1
            state.expectedSamples -= expectedSamples
        }
    }

    func voiceCache(bytes: Int) { state.withLock { $0.snapshot.voiceCacheBytes = bytes } }

    func refused(_ error: AdmissionError) {
        state.withLock { $0.snapshot.counters.refused[error.label, default: 0] += 1 }
        observer.refused(error)
    }

    // MARK: The engine's thread

    /// Seconds from one departure to the next, as things are.
    var departureInterval: Double { state.withLock { $0.departureInterval } }

    /// Counts a request that got its first place.
    func started(queueWait: Duration) {
        state.withLock { state in
            state.snapshot.queueDepth -= 1
            state.snapshot.active += 1
        }
        observer.started(queueWait: queueWait)
    }

    func firstAudio(after time: Duration) { observer.firstAudio(after: time) }

    func retried(_ badCase: BadCase) {
        state.withLock { $0.snapshot.counters.retries[badCase, default: 0] += 1 }
        observer.retried(badCase)
    }

    /// Counts samples that are no longer awaited.
    func expect(fewerSamples count: Int) { state.withLock { $0.expectedSamples -= count } }

    /// Counts the time in which a part was read: the steps' sound has to make up for it.
    func joined(took time: Duration) { state.withLock { $0.recent.time += time.inSeconds } }

    /// Counts a step.
    func stepped(batchSize: Int, samples: Int, took time: Duration) {
        state.withLock { state in
            state.snapshot.counters.steps += 1
            state.snapshot.lastStep = .now
            state.snapshot.batchSize = batchSize
            guard time > .zero else { return }
            // About the last twenty steps count.
            state.recent.sound = 0.95 * state.recent.sound + Double(samples) / Double(state.sampleRateHz)
            state.recent.time = 0.95 * state.recent.time + time.inSeconds
            state.snapshot.throughput = state.recent.sound / state.recent.time
        }
        observer.stepped(batchSize: batchSize, took: time)
    }

    /// Says how the places stand.
    func places(taken: Int, paused: Int) {
        state.withLock { state in
            state.snapshot.takenPlaces = taken
            state.snapshot.paused = paused
            if taken == 0 { state.snapshot.batchSize = 0 }
        }
    }

    /// Counts a request's end.
    func finished(_ outcome: SpeechOutcome, owner: String, wasStarted: Bool, expectedSamples: Int) {
        state.withLock { state in
            if wasStarted { state.snapshot.active -= 1 } else { state.snapshot.queueDepth -= 1 }
            state.leave(owner)
            state.expectedSamples -= expectedSamples
            state.snapshot.counters.audioSeconds += outcome.seconds
            switch outcome.end {
            case .complete, .lengthLimit: state.snapshot.counters.finished += 1
            case .failed, .deviceFailed: state.snapshot.counters.failed += 1
            case .cancelled(let reason): state.snapshot.counters.cancelled[reason, default: 0] += 1
            }
        }
        observer.finished(outcome)
    }
}

extension EngineLedger.State {
    fileprivate mutating func leave(_ owner: String) {
        let rest = snapshot.owners[owner, default: 0] - 1
        snapshot.owners[owner] = rest > 0 ? rest : nil
    }

    fileprivate var outstanding: Int { snapshot.queueDepth + snapshot.active }

    /// What all have still to say, at the measured speed, over how many they are.
    fileprivate var departureInterval: Double {
        let seconds = Double(expectedSamples) / Double(sampleRateHz)
        return seconds / max(snapshot.throughput ?? 1, 0.001) / Double(max(outstanding, 1))
    }

    /// Whole seconds, at least one, and no more than an hour.
    fileprivate static func retry(_ seconds: Double) -> Duration {
        .seconds(Int(min(max(seconds.rounded(.up), 1), 3600)))
    }

    fileprivate var refusal: AdmissionError? {
        switch snapshot.state {
        case .ready: nil
        case .unloaded: .unloaded
        case .loading(let progress): .loading(progress: progress, retryAfter: .seconds(5))
        case .draining: .draining(retryAfter: Self.retry(departureInterval * Double(outstanding)))
        case .stopped: .stopped
        }
    }
}
