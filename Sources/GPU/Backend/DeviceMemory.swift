internal import Compute

/// What a backend keeps in its device's memory: mirrors of storages, weights, constants, and the latest plans.
///
/// Its first failure stays: from then on nothing is copied or launched, and ``failure`` says why.
///
/// `@unchecked Sendable`: one thread at a time calls a backend, and with it all this.
final class DeviceMemory: @unchecked Sendable {
    let device: any Device
    private(set) var failure: DeviceError?
    private let halves: Bool
    /// By the object or the array that they were made of, which the entry keeps alive, so that no other takes its place.
    private var weights: [ObjectIdentifier: DeviceWeight] = [:]
    private var constants: [UnsafePointer<Float>: Constant] = [:]
    private var plans: [DevicePlan] = []
    private static let planLimit = 16
    /// The storages used since ``watchStorages(_:)`` began, by identity; nil while nobody watches.
    private var watched: [ObjectIdentifier: Storage]?
    /// The chain that is being recorded.
    private var chain: DeviceChain?
    /// Whether something was asked for while recording that cannot be recorded.
    private var isSpoiled = false

    private struct Constant {
        let values: [Float]
        let lease: DeviceLease
    }

    /// What is laid out on the device.
    let budget: DeviceBudget

    /// - Parameters:
    ///   - halves: Whether weights in 32-bit floats become 16-bit floats.
    ///   - limitBytes: The most bytes that are laid out; nil for as many as the driver gives.
    init(_ device: any Device, halves: Bool, limitBytes: Int? = nil) {
        budget = DeviceBudget(limitBytes: limitBytes)
        self.device = device
        self.halves = halves
    }

    /// Does something on the device unless it has failed before.
    func attempt(_ body: () throws(DeviceError) -> Void) {
        guard failure == nil, !isSpoiled else { return }
        do { try body() } catch {
            // What a recording cannot hold is no failure: the steps are run one by one instead.
            if chain != nil { isSpoiled = true } else { failure = error }
        }
    }

    /// Runs steps, and tells which storages they used.
    func watchStorages(_ steps: () -> Void) -> [Storage] {
        watched = [:]
        steps()
        defer { watched = nil }
        return watched.map { Array($0.values) } ?? []
    }

    /// Runs steps while the device records, with the plans of a chain where they ask for those.
    ///
    /// - Returns: Whether all of them could be recorded.
    func record(with chain: DeviceChain, _ steps: () -> Void) -> Bool {
        self.chain = chain
        steps()
        self.chain = nil
        defer { isSpoiled = false }
        return !isSpoiled
    }

    func write(_ bytes: UnsafeRawBufferPointer, to buffer: any DeviceBuffer, at offset: Int) {
        attempt { () throws(DeviceError) in try device.write(bytes, to: buffer, at: offset) }
    }

    func read(_ buffer: any DeviceBuffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) {
        attempt { () throws(DeviceError) in try device.read(buffer, at: offset, into: bytes) }
    }

    /// The mirror of a storage, with its newest values.
    func mirror(of storage: Storage) throws(DeviceError) -> DeviceMirror {
        watched?[ObjectIdentifier(storage)] = storage
        let mirror: DeviceMirror
        if let known = storage.mirror as? DeviceMirror, known.belongs(to: self) {
            mirror = known
        } else {
            let lease = try layOut(storage.count * MemoryLayout<Float>.stride)
            mirror = reflect(storage, in: lease, at: 0)
        }
        if chain != nil, mirror.isBehind { throw .notWhileRecording("a copy") }
        mirror.bringToDevice()
        if let failure { throw failure }
        return mirror
    }

    /// Floats that storages side by side begin at multiples of: what any device copies and reads best.
    static let arenaStep = 64

    /// The most bytes of storages that share a buffer: many drivers give no more at a time, however much there is.
    private static let blockBytes = 1 << 30

    /// Lays out storages side by side in as few buffers as drivers are sure to give. Those that are on the device already
    /// stay where they are.
    func layOut(_ storages: [Storage]) throws(DeviceError) {
        let blockFloats = Self.blockBytes / MemoryLayout<Float>.stride
        var block: [(storage: Storage, offset: Int)] = []
        var count = 0
        func close() throws(DeviceError) {
            guard count > 0 else { return }
            let lease = try layOut(count * MemoryLayout<Float>.stride)
            for (storage, offset) in block { _ = reflect(storage, in: lease, at: offset) }
            (block, count) = ([], 0)
        }
        for storage in storages where storage.count > 0 && !isHere(storage) {
            let more = (storage.count + Self.arenaStep - 1) / Self.arenaStep * Self.arenaStep
            if count + more > blockFloats { try close() }
            block.append((storage, count))
            count += more
        }
        try close()
    }

    private func isHere(_ storage: Storage) -> Bool {
        (storage.mirror as? DeviceMirror)?.belongs(to: self) ?? false
    }

    private func reflect(_ storage: Storage, in lease: DeviceLease, at offset: Int) -> DeviceMirror {
        // Another device has it: its values come by way of the host.
        storage.mirror?.prepareToRead(0..<storage.count)
        let mirror = DeviceMirror(storage, lease, at: offset, memory: self)
        storage.reflect(in: mirror)
        return mirror
    }

    /// A weight in the device's memory, copied when it is first used.
    func weight(_ weight: LinearWeight) throws(DeviceError) -> DeviceWeight {
        if let known = weights[ObjectIdentifier(weight)] { return known }
        let made = try DeviceWeight(weight, halves: halves, in: self)
        weights[ObjectIdentifier(weight)] = made
        return made
    }

    /// Floats that never change, copied when they are first used.
    func constant(_ values: [Float]) throws(DeviceError) -> any DeviceBuffer {
        let key = values.withUnsafeBufferPointer { $0.baseAddress }
        if let key, let known = constants[key] { return known.lease.buffer }
        let lease = try upload(values)
        if let key { constants[key] = Constant(values: values, lease: lease) }
        return lease.buffer
    }

    /// Lays out memory of the device, within the limit.
    func layOut(_ byteCount: Int) throws(DeviceError) -> DeviceLease { try budget.layOut(byteCount, on: device) }

    /// Copies an array into memory of its own.
    func upload<Element: BitwiseCopyable>(_ values: [Element]) throws(DeviceError) -> DeviceLease {
        let lease = try layOut(values.count * MemoryLayout<Element>.stride)
        try device.write(values, to: lease.buffer)
        return lease
    }

    /// A plan in the device's memory; the latest ones stay there.
    func plan(_ plan: RowPlan) throws(DeviceError) -> DevicePlan {
        if let known = chain?.plans.first(where: { $0.isCopy(of: plan) }) { return known }
        if let index = plans.lastIndex(where: { $0.isCopy(of: plan) }) {
            if index < plans.count - 1 { plans.append(plans.remove(at: index)) }
            return plans[plans.count - 1]
        }
        if plans.count == Self.planLimit { plans.removeFirst() }
        let made = try DevicePlan(plan, in: self)
        plans.append(made)
        return made
    }
}

extension Device {
    /// Copies an array into a buffer.
    fileprivate func write<Element: BitwiseCopyable>(
        _ values: [Element], to buffer: any DeviceBuffer
    ) throws(DeviceError) {
        try values.withUnsafeBufferPointer { values throws(DeviceError) in
            try write(UnsafeRawBufferPointer(values), to: buffer, at: 0)
        }
    }
}

/// The columns of a plan in the device's memory.
struct DevicePlan {
    /// Positions, slots, begins and ends of spans.
    private let columns: [DeviceLease]
    private var original: RowPlan

    var positions: any DeviceBuffer { columns[0].buffer }
    var slots: any DeviceBuffer { columns[1].buffer }
    var begins: any DeviceBuffer { columns[2].buffer }
    var ends: any DeviceBuffer { columns[3].buffer }

    init(_ plan: RowPlan, in memory: DeviceMemory) throws(DeviceError) {
        original = plan
        var columns: [DeviceLease] = []
        for values in Self.numbers(of: plan) { columns.append(try memory.upload(values)) }
        self.columns = columns
    }

    /// The numbers of each column, in the order of ``columns``.
    private static func numbers(of plan: RowPlan) -> [[Int32]] {
        [plan.positions, plan.slots, plan.spanBegins, plan.spanEnds]
    }

    /// Takes the numbers of another plan of as many rows.
    mutating func become(_ plan: RowPlan, on device: any Device) throws(DeviceError) {
        precondition(plan.positions.count == original.positions.count, "a plan of other rows")
        if isCopy(of: plan) { return }
        for (values, column) in zip(Self.numbers(of: plan), columns) { try device.write(values, to: column.buffer) }
        original = plan
    }

    /// Whether it was made of the same numbers.
    func isCopy(of plan: RowPlan) -> Bool {
        original.positions == plan.positions && original.slots == plan.slots
            && original.spanBegins == plan.spanBegins && original.spanEnds == plan.spanEnds
    }
}
