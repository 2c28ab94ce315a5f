import Foundation
import Synchronization

/// Runs asynchronous work for a command, which has a thread of its own to wait on.
enum InterruptibleTask {
    /// Waits for the work; Ctrl-C (or SIGTERM) cancels it.
    ///
    /// - Throws: What the work throws, and ``ExitStatus/interrupted`` where it was cancelled.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
        Interrupts.shared.listen(writingIn: nil)
        let outcome = Outcome<Value>()
        let ended = DispatchSemaphore(value: 0)
        let task = Task {
            do { outcome.set(.success(try await work())) } catch { outcome.set(.failure(error)) }
            ended.signal()
        }
        while ended.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
            if Interrupts.shared.isRequested { task.cancel() }
        }
        guard let result = outcome.result else { throw ExitStatus.failure }
        do { return try result.get() } catch is CancellationError { throw ExitStatus.interrupted }
    }
}

/// How a piece of work ended, for the thread that waits for it.
private final class Outcome<Value: Sendable>: Sendable {
    private let state = Mutex<Result<Value, any Error>?>(nil)

    /// nil until the work has ended.
    var result: Result<Value, any Error>? { state.withLock { $0 } }

    func set(_ result: Result<Value, any Error>) { state.withLock { $0 = result } }
}
