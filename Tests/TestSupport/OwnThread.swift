import Foundation

/// Does work that waits, or computes for long, on a thread of its own. Swift has as few threads as the machine has
/// processors, and the tests beside need them.
public func onOwnThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}
