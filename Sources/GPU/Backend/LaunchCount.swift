/// What a backend has launched.
public struct LaunchCount: Sendable, Equatable {
    /// Kernels started.
    public var launches = 0

    static func += (count: inout LaunchCount, more: LaunchCount) { count.launches += more.launches }

    static func - (count: LaunchCount, before: LaunchCount) -> LaunchCount {
        LaunchCount(launches: count.launches - before.launches)
    }
}
