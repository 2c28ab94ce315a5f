/// What a backend has launched, and what that moves between the device's memory and its cores.
public struct LaunchCount: Sendable, Equatable {
    /// Kernels started.
    public var launches = 0
    /// Bytes that the kernels read from the device's memory and write to it. Activations count once in a launch, and so do
    /// weights of up to a megabyte, since the cache of any card holds them; larger weights as often as blocks of rows read
    /// them.
    public var bytes = 0
    /// Bytes of the weights of all launches, once for each launch: the least that can be moved.
    public var weightBytes = 0

    /// Nothing launched.
    public static let none = LaunchCount()

    public static func += (count: inout LaunchCount, more: LaunchCount) {
        count.launches += more.launches
        count.bytes += more.bytes
        count.weightBytes += more.weightBytes
    }

    public static func - (count: LaunchCount, before: LaunchCount) -> LaunchCount {
        LaunchCount(
            launches: count.launches - before.launches, bytes: count.bytes - before.bytes,
            weightBytes: count.weightBytes - before.weightBytes)
    }

    /// Bytes that the smallest second-level cache keeps beside what passes through it.
    private static let cached = 1 << 20

    /// One launch.
    ///
    /// - Parameters:
    ///   - floats: Values read or written, other than weights.
    ///   - weightBytes: Bytes of the weights.
    ///   - readings: How many blocks of rows read the weights.
    static func launch(floats: Int, weightBytes: Int = 0, readings: Int = 1) -> LaunchCount {
        LaunchCount(
            launches: 1,
            bytes: floats * MemoryLayout<Float>.stride + weightBytes * (weightBytes > cached ? readings : 1),
            weightBytes: weightBytes)
    }
}
