import Synchronization

/// Memory of a device that a backend has laid out; given back, and counted so, when the last copy goes.
struct DeviceLease: Sendable {
    let buffer: any DeviceBuffer
    private let claim: DeviceClaim

    fileprivate init(_ buffer: any DeviceBuffer, _ claim: DeviceClaim) {
        self.buffer = buffer
        self.claim = claim
    }
}

/// Counts what a backend lays out on its device, and refuses what exceeds its limit.
final class DeviceBudget: Sendable {
    /// The most bytes that may be laid out at the same time; nil for as many as the driver gives.
    let limitBytes: Int?
    private let counts = Mutex<(now: Int, most: Int)>((0, 0))

    init(limitBytes: Int?) { self.limitBytes = limitBytes }

    /// Bytes laid out now.
    var bytes: Int { counts.withLock { $0.now } }
    /// The most that ever were.
    var mostBytes: Int { counts.withLock { $0.most } }

    /// Lays out memory.
    ///
    /// - Throws: ``DeviceError/overBudget(byteCount:inUse:limit:)``, or what the device refuses.
    func layOut(_ byteCount: Int, on device: any Device) throws(DeviceError) -> DeviceLease {
        let refusal = counts.withLock { counts -> DeviceError? in
            if let limitBytes, counts.now + byteCount > limitBytes {
                return .overBudget(byteCount: byteCount, inUse: counts.now, limit: limitBytes)
            }
            counts.now += byteCount
            counts.most = max(counts.most, counts.now)
            return nil
        }
        if let refusal { throw refusal }
        // Where the device refuses, the claim goes with this call.
        let claim = DeviceClaim(byteCount, self)
        return DeviceLease(try device.allocate(byteCount: byteCount), claim)
    }

    fileprivate func giveBack(_ byteCount: Int) { counts.withLock { $0.now -= byteCount } }
}

/// So many bytes of a budget.
private final class DeviceClaim: Sendable {
    private let byteCount: Int
    private let budget: DeviceBudget

    init(_ byteCount: Int, _ budget: DeviceBudget) {
        self.byteCount = byteCount
        self.budget = budget
    }

    deinit { budget.giveBack(byteCount) }
}
