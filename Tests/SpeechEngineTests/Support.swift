import Checkpoint
import Dispatch
import Foundation
import SpeechEngine
import Synchronization
import TestSupport
import VoxCPM

/// Engines with the fixtures' tiny checkpoint, which speaks noise, but exactly.
enum TinyEngine {
    static func model() throws -> SpeechModel {
        try SpeechModel(folder: Fixtures.folder.appendingPathComponent("v15/checkpoint")) {
            try VoxCPMModel($0, threads: 1)
        }
    }

    /// An engine that is ready.
    static func ready(
        observer: any EngineObserver = NoObserver(), _ change: (inout EngineConfiguration) -> Void = { _ in }
    ) async throws -> SpeechEngine {
        var configuration = EngineConfiguration()
        change(&configuration)
        let engine = SpeechEngine(configuration, observer: observer)
        try await engine.load { _ in try model() }
        return engine
    }

    /// A short request.
    static func request(_ text: String = "Hello world.", seed: UInt64 = 1, owner: String = "") -> SpeechRequest {
        var request = SpeechRequest(text)
        request.seed = seed
        request.owner = owner
        request.steps = 2
        request.attempts = 1
        request.maxSeconds = 1
        return request
    }

    /// A request that goes on until it is cancelled, as far as a test can tell: many short parts.
    static func endless(seed: UInt64 = 1000, owner: String = "endless", sentences: Int = 400) -> SpeechRequest {
        var request = request(String(repeating: "On and on. ", count: sentences), seed: seed, owner: owner)
        request.cutting = .sentences
        request.maxSeconds = nil
        return request
    }
}

extension SpeechOutcome {
    /// Whether it was spoken to its end: the tiny checkpoint stops where it likes.
    var isSpoken: Bool { end == .complete || end == .lengthLimit }
}

/// Remembers what an engine tells, and lets tests wait for it.
final class Recorder: EngineObserver {
    private struct State {
        var outcomes: [SpeechOutcome] = []
        var refused: [AdmissionError] = []
        var batches: [Int] = []
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    /// Holds the engine after its first step until ``release()``.
    private let gate: DispatchSemaphore?

    init(holdingFirstStep holds: Bool = false) { gate = holds ? DispatchSemaphore(value: 0) : nil }

    func release() { gate?.signal() }

    var outcomes: [SpeechOutcome] { state.withLock { $0.outcomes } }
    var refused: [AdmissionError] { state.withLock { $0.refused } }
    var batches: [Int] { state.withLock { $0.batches } }

    func refused(_ error: AdmissionError) { state.withLock { $0.refused.append(error) } }

    func stepped(batchSize: Int, took: Duration) {
        let isFirst = state.withLock { state in
            state.batches.append(batchSize)
            return state.batches.count == 1
        }
        if isFirst { gate?.wait() }
    }

    func finished(_ outcome: SpeechOutcome) {
        let ready = state.withLock { state in
            state.outcomes.append(outcome)
            let ready = state.waiting.filter { $0.count <= state.outcomes.count }
            state.waiting.removeAll { $0.count <= state.outcomes.count }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    /// Waits until so many requests have ended.
    func wait(forFinished count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.outcomes.count < count { state.waiting.append((count, continuation)) }
                return state.outcomes.count >= count
            }
            if isThere { continuation.resume() }
        }
    }
}

extension SpeechTicket {
    /// Reads events up to the first audio.
    func readToFirstAudio() async {
        for await event in events {
            if case .audio = event { return }
        }
    }

    /// Reads events up to the start.
    func readToStart() async {
        for await event in events {
            if case .started = event { return }
        }
    }
}

extension EngineSnapshot {
    /// Whether nothing is left of any request.
    var isEmpty: Bool {
        queueDepth == 0 && active == 0 && paused == 0 && takenPlaces == 0 && owners.isEmpty && expectedSeconds == 0
    }
}
