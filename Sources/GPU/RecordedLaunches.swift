/// A recording of a device whose driver keeps none: a list of launches, started one after the other.
final class RecordedLaunches: DeviceRecording {
    /// One launch as it was asked for.
    struct Launch: Sendable {
        let kernel: Kernel
        let groups: (x: Int, y: Int)
        let arguments: [KernelArgument]
    }

    let launches: [Launch]
    var launchCount: Int { launches.count }

    init(_ launches: [Launch]) { self.launches = launches }
}
