internal import Compute

/// Compares every kernel of a device with the CPU's plain kernels, on sizes that fill no group.
///
/// A driver compiles the kernels on the user's machine, so this is worth running there, not only where they were written.
public struct KernelCheck {
    /// What one step gave.
    public struct Result: Sendable, Equatable {
        /// The step and its sizes.
        public let name: String
        /// Whether it was computed on tensor cores; a backend may do without them.
        public let onTensorCores: Bool
        /// The largest difference over the larger of 1 and the largest expected magnitude; infinite where a value is no
        /// number.
        public let error: Double
        /// How large that may be.
        public static let limit = 2e-5

        public var isGood: Bool { error < Self.limit }

        public init(name: String, onTensorCores: Bool = false, error: Double) {
            self.name = name
            self.onTensorCores = onTensorCores
            self.error = error
        }
    }

    let cpu: CPUBackend
    private let device: any Device
    private var results: [Result] = []
    /// Whether the comparisons are those of one of the long lists.
    var isThinned = false
    private var asked = (inLongLists: 0, inOthers: 0)
    private let interval: Int

    /// How a backend under test is set up.
    struct Setting {
        /// Whether it keeps 32-bit weights as 16-bit floats.
        var halves = false
        var onTensorCores = false
        /// Groups of a launch that are enough; nil for what is usual.
        var busyGroups: Int?
        /// The longest span that it is told of.
        var longestSpan = 0
    }

    /// Runs all comparisons, those on tensor cores included: devices without them do the same another way.
    ///
    /// - Parameter interval: Makes one comparison in so many of linear layers and of attention, whose lists are long, and
    ///   ten times as many of the others. For devices that take very long.
    /// - Throws: ``DeviceError`` where the device fails; `ComputeError` never in practice, since every machine has the
    ///   plain kernels.
    public static func run(_ device: any Device, every interval: Int = 1) throws -> [Result] {
        var check = KernelCheck(
            cpu: try CPUBackend(team: WorkerTeam(count: 1), instructionSet: "scalar"), device: device,
            interval: interval)
        try check.checkLinear()
        try check.checkTransformer()
        try check.checkFlow()
        try check.checkAudio()
        try check.checkCausal()
        return check.results
    }

    private init(cpu: CPUBackend, device: any Device, interval: Int) {
        self.cpu = cpu
        self.device = device
        self.interval = interval
    }

    /// Runs a step on both backends, each with matrices of its own, and compares all matrices afterwards.
    ///
    /// - Parameters:
    ///   - setting: How the device's backend is set up.
    ///   - skipping: Matrices from the first on whose values nobody may read after the step.
    ///   - make: The matrices of a step, the same at every call.
    ///   - step: Must treat both backends alike.
    mutating func compare(
        _ name: String, _ setting: Setting = Setting(), skipping: Int = 0, _ make: () -> [Matrix],
        _ step: (any Backend, [Matrix]) -> Void
    ) throws(DeviceError) {
        if isThinned { asked.inLongLists += 1 } else { asked.inOthers += 1 }
        guard isThinned ? asked.inLongLists % interval == 0 : asked.inOthers % max(1, interval / 10) == 0 else {
            return
        }
        let gpu = GPUBackend(device, halves: setting.halves, usesTensorCores: setting.onTensorCores)
        gpu.longestSpan = setting.longestSpan
        gpu.busyGroups = setting.busyGroups ?? gpu.busyGroups
        let (expected, actual) = (make(), make())
        step(cpu, expected)
        step(gpu, actual)
        let error = zip(actual, expected).dropFirst(skipping).map { Self.error($0.values(), $1.values()) }.max() ?? 0
        if let failure = gpu.failure { throw failure }
        results.append(Result(name: name, onTensorCores: setting.onTensorCores, error: error))
    }

    private static func error(_ actual: [Float], _ expected: [Float]) -> Double {
        var difference = 0.0
        var scale = 1.0
        for (left, right) in zip(actual, expected) {
            let distance = abs(Double(left) - Double(right))
            if distance.isNaN { return .infinity }
            difference = max(difference, distance)
            scale = max(scale, abs(Double(right)))
        }
        return difference / scale
    }
}

extension Matrix {
    /// A matrix of numbers between -1 and 1 that look random and are always the same.
    ///
    /// - Parameter padding: Columns that lie between two rows and are not the matrix's.
    static func noise(_ rows: Int, _ columns: Int, seed: UInt64, padding: Int = 0) -> Matrix {
        let all = Matrix(rows: rows, columns: columns + padding)
        // No short fraction: what is taken apart into shorter floats must have something to lose.
        all.write(noiseValues(rows * (columns + padding), seed: seed).map { $0 * 0.987654321 })
        return all[columns: 0..<columns]
    }
}

/// Numbers between -1 and 1 in steps of 1/128 that look random and are always the same.
///
/// Every weight format has all of them, so that formats can be compared with 32-bit floats.
func noiseValues(_ count: Int, seed: UInt64) -> [Float] {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int(state >> 40) % 255 - 127) / 128
    }
}
