public import Compute

/// Executes steps on a device, one launch for each, in the order of the calls.
///
/// Values stay in the device's memory until the host asks for them. A step that fails leaves its result as it was, and
/// all later steps do nothing: ``failure`` says what happened.
///
/// `@unchecked Sendable`: one thread at a time calls a backend.
public final class GPUBackend: Backend, CustomStringConvertible, @unchecked Sendable {
    let memory: DeviceMemory
    /// Whether weights in 32-bit floats are kept as 16-bit floats on the device.
    public let halves: Bool
    public var device: any Device { memory.device }
    /// The first failure of the device; nil while all is well.
    public var failure: DeviceError? { memory.failure }
    /// What was launched so far.
    public internal(set) var launches = LaunchCount()
    /// Launches so far.
    public var launchCount: Int { launches.launches }
    /// Bytes of the device's memory that are laid out now.
    public var memoryBytes: Int { memory.budget.bytes }
    /// The most bytes that ever were.
    public var mostMemoryBytes: Int { memory.budget.mostBytes }
    /// The most that may be; nil for no limit.
    public var limitBytes: Int? { memory.budget.limitBytes }
    /// Recordings started so far.
    public internal(set) var replayCount = 0
    /// Whether chains of steps are recorded; they are run one by one else.
    public let recordsChains: Bool
    /// Whether linear layers of several rows go to tensor cores, where their weights suit them.
    public let usesTensorCores: Bool
    /// Groups of a launch that keep a large card busy.
    var busyGroups = 256
    /// The most keys that a row sees, as far as was said.
    var longestSpan = 0
    /// What attention leaves in parts.
    var parted: DeviceLease?

    /// - Parameters:
    ///   - device: Computes, and belongs to this backend alone.
    ///   - halves: Whether weights in 32-bit floats are kept as 16-bit floats on the device, where they
    ///     are not delicate.
    ///   - recordsChains: Whether chains of steps that are run again and again are recorded by the device.
    ///   - usesTensorCores: Whether linear layers of several rows go to tensor cores. Devices without them do the same
    ///     another way, very slowly.
    ///   - limitBytes: The most bytes of the device's memory that are laid out: what exceeds them fails with
    ///     ``DeviceError/overBudget(byteCount:inUse:limit:)``. Nil for as many as the driver gives.
    public init(
        _ device: any Device, halves: Bool = false, recordsChains: Bool = true, usesTensorCores: Bool = false,
        limitBytes: Int? = nil
    ) {
        self.halves = halves
        self.recordsChains = recordsChains
        self.usesTensorCores = usesTensorCores
        memory = DeviceMemory(device, halves: halves, limitBytes: limitBytes)
    }

    /// Bytes that the weights of a linear layer take on a device, its bias not included.
    public static func byteCount(of weight: LinearWeight, halves: Bool = false) -> Int {
        DeviceWeight.byteCount(of: weight, halves: halves)
    }

    /// The device's name and what it is asked for by.
    public var description: String { "\(device.information.name) (\(device.information.id))" }

    /// Where a matrix lies in the device's memory.
    struct Place {
        let buffer: any DeviceBuffer
        let offset: Int
        let stride: Int

        /// Buffer and offset.
        var start: [KernelArgument] { [.buffer(buffer), .int(offset)] }
        /// Buffer, offset and stride.
        var all: [KernelArgument] { start + [.int(stride)] }
    }

    func place(_ matrix: Matrix) throws(DeviceError) -> Place {
        let mirror = try memory.mirror(of: matrix.storage)
        return Place(buffer: mirror.buffer, offset: mirror.offset + matrix.offset, stride: matrix.rowStride)
    }

    /// Launches a kernel, groups in x and y.
    ///
    /// - Parameter count: What it moves.
    func launch(
        _ kernel: Kernel, _ x: Int, _ y: Int = 1, _ arguments: [KernelArgument], moving count: LaunchCount
    ) throws(DeviceError) {
        launches += count
        try device.launch(kernel, groups: (x, y), arguments)
    }

    /// Launches a kernel with a thread for each of `count` elements.
    ///
    /// - Parameter floats: Values that it reads or writes.
    func launch(
        _ kernel: Kernel, elements count: Int, _ arguments: [KernelArgument], moving floats: Int
    ) throws(DeviceError) {
        try launch(
            kernel, (count + kernel.threads - 1) / kernel.threads, 1, arguments, moving: .launch(floats: floats))
    }

    /// Rows cost little, launches that gather them much.
    public var runsWholeGroups: Bool { true }

    /// Throws the first failure of the device.
    public func check() throws {
        if let failure { throw failure }
    }

    /// One buffer for all of them, or a few.
    public func layOut(_ storages: [Storage]) {
        memory.attempt { () throws(DeviceError) in try memory.layOut(storages) }
    }

    /// Waits until all that was launched is done.
    public func finish() { memory.attempt { () throws(DeviceError) in try device.finish() } }

    /// Remembers how long spans become: long ones are split.
    public func reserve(rows: Int, columns: Int, heads: HeadLayout, span: Int) { longestSpan = max(longestSpan, span) }

    public func add(_ a: Matrix, _ b: Matrix, into out: Matrix) {
        StepShapes.checkAdd(a, b, out)
        guard out.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            let arguments = try place(a).all + place(b).all + place(out).all
            try launch(
                .add, elements: out.rows * out.columns, arguments + [.int(out.rows), .int(out.columns)],
                moving: 3 * out.rows * out.columns)
        }
    }

    public func copy(_ x: Matrix, into out: Matrix) {
        precondition(x.rows == out.rows && x.columns == out.columns, "a copy between shapes")
        guard out.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            let arguments = try place(x).all + place(out).all
            try launch(
                .copy, elements: out.rows * out.columns, arguments + [.int(out.rows), .int(out.columns)],
                moving: 2 * out.rows * out.columns)
        }
    }

    public func tanh(_ x: Matrix) {
        StepShapes.checkTanh(x)
        guard x.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            let count = x.rows * x.columns
            try launch(.tanh, elements: count, try place(x).start + [.int(count)], moving: 2 * count)
        }
    }

    public func guide(_ x: Matrix, guided: Matrix, free: Matrix, cfg: Float, zeroStar: Bool, delta: Float) {
        StepShapes.checkGuide(x, guided, free)
        memory.attempt { () throws(DeviceError) in
            let arguments = try place(x).start + place(guided).start + place(free).start
            try launch(
                .guide, 1, 1,
                arguments + [
                    .int(x.rows * x.columns), .float(cfg), .int(zeroStar ? 1 : 0), .float(delta),
                ], moving: .launch(floats: 6 * x.rows * x.columns))
        }
    }
}
