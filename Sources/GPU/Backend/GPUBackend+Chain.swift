public import Compute

extension GPUBackend {
    /// Runs the steps the first time, records them the second time, and starts the recording from then on.
    ///
    /// The first time brings all that they use to the device, and tells which storages that is. What cannot be recorded,
    /// since it needs a copy in the middle, is run step by step for ever.
    public func chain(_ key: ChainKey, on shelf: ChainShelf, plans: [RowPlan], _ steps: () -> Void) {
        guard recordsChains, failure == nil else { return steps() }
        if let chain = shelf[key] as? DeviceChain, chain.belongs(to: memory) {
            run(chain, plans: plans, steps)
        } else {
            shelf[key] = DeviceChain(storages: memory.watchStorages(steps), memory: memory)
        }
    }

    private func run(_ chain: DeviceChain, plans: [RowPlan], _ steps: () -> Void) {
        guard chain.isRecordable else { return steps() }
        if !chain.isCurrent { chain.forget() }
        memory.attempt { () throws(DeviceError) in
            try chain.bring(plans)
            if let failure { throw failure }
        }
        if chain.recording == nil { record(chain, steps) }
        guard let recording = chain.recording else { return chain.isRecordable ? () : steps() }
        memory.attempt { () throws(DeviceError) in
            try device.replay(recording)
            launches += chain.launches
            replayCount += 1
        }
    }

    private func record(_ chain: DeviceChain, _ steps: () -> Void) {
        memory.attempt { () throws(DeviceError) in
            let before = launches
            try device.beginRecording()
            let isComplete = memory.record(with: chain, steps)
            let recording = try device.endRecording()
            chain.keep(isComplete ? recording : nil, launches: launches - before)
            launches = before
        }
    }
}

/// A chain of steps that a device runs again and again, kept on the shelf of whoever asks for it.
///
/// `@unchecked Sendable`: it belongs to the one thread that calls the backend.
final class DeviceChain: @unchecked Sendable {
    /// Nil until it is recorded.
    private(set) var recording: (any DeviceRecording)?
    /// What the recording starts.
    private(set) var launches = LaunchCount()
    private(set) var isRecordable = true
    private let memory: DeviceMemory
    /// What the steps use, and the mirrors that they used of them. Kept, so that no other storage takes its place.
    private let storages: [Storage]
    private var mirrors: [ObjectIdentifier] = []
    /// The plans that change, where recorded launches read them.
    private(set) var plans: [DevicePlan] = []

    init(storages: [Storage], memory: DeviceMemory) {
        self.storages = storages
        self.memory = memory
    }

    func belongs(to other: DeviceMemory) -> Bool { memory === other }

    /// Whether all storages still have the mirrors that were recorded.
    var isCurrent: Bool { mirrors.isEmpty || mirrors == currentMirrors }

    private var currentMirrors: [ObjectIdentifier] {
        storages.map { ObjectIdentifier(($0.mirror ?? memory) as AnyObject) }
    }

    /// Brings what the host has written, and the numbers of the plans, to the device.
    func bring(_ new: [RowPlan]) throws(DeviceError) {
        for storage in storages { _ = try memory.mirror(of: storage) }
        if plans.count == new.count {
            for index in plans.indices { try plans[index].become(new[index], on: memory.device) }
        } else {
            plans = []
            for plan in new { plans.append(try DevicePlan(plan, in: memory)) }
        }
    }

    /// Keeps what was recorded; nil where that cannot be.
    func keep(_ new: (any DeviceRecording)?, launches: LaunchCount) {
        recording = new
        self.launches = launches
        isRecordable = new != nil
        mirrors = currentMirrors
    }

    /// Drops the recording, so that it is made anew.
    func forget() {
        recording = nil
        mirrors = []
    }
}
