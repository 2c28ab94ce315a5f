internal import Compute

/// How fast a device runs one step of the model.
public struct KernelMeasurement: Sendable, Equatable {
    /// The step and its sizes.
    public let name: String
    /// Seconds of one launch, many of them queued behind each other.
    public let seconds: Double
    /// Bytes that it must read and write.
    public let bytes: Int
    /// Multiplications and additions.
    public let operations: Int

    /// 10^9 bytes each second.
    public var gigabytesPerSecond: Double { seconds > 0 ? Double(bytes) / seconds * 1e-9 : 0 }
    /// 10^9 multiplications and additions each second.
    public var gigaopsPerSecond: Double { seconds > 0 ? Double(operations) / seconds * 1e-9 : 0 }
}

/// How fast a device is: its memory, the way to it, and each step of the model in the sizes of VoxCPM-1.5.
public struct DeviceMeasurement: Sendable, Equatable {
    /// 10^9 bytes each second, read and written by copying what fits in no cache.
    public let gigabytesPerSecond: Double
    /// Seconds of a launch that computes next to nothing: what every launch costs at least.
    public let launchSeconds: Double
    public let steps: [KernelMeasurement]

    /// Measures a device. Takes some seconds.
    ///
    /// - Parameter usesTensorCores: Whether linear layers of several rows go to tensor cores.
    /// - Throws: ``DeviceError`` where the device fails.
    public init(_ device: any Device, usesTensorCores: Bool = false) throws(DeviceError) {
        let probe = DeviceProbe(device, usesTensorCores: usesTensorCores)
        gigabytesPerSecond = try probe.bandwidth()
        launchSeconds = try probe.launch()
        steps = try probe.steps()
    }

    /// Measures only how fast the device's memory is, in 10^9 bytes each second.
    ///
    /// - Parameter mostBytes: The most that may be laid out for it.
    /// - Throws: ``DeviceError`` where the device fails.
    public static func bandwidth(of device: any Device, mostBytes: Int = .max) throws(DeviceError) -> Double {
        let probe = DeviceProbe(device, usesTensorCores: false, mostBytes: mostBytes)
        return try probe.bandwidth()
    }
}

/// Runs steps until the clock can tell how long one takes.
private struct DeviceProbe {
    private let device: any Device
    private let gpu: GPUBackend
    private let halves: GPUBackend
    /// Columns of a transformer's states; a processor gets less to do, so that it is done as soon.
    private let width: Int
    private let copied: Int
    private static let least: Duration = .milliseconds(20)

    init(_ device: any Device, usesTensorCores: Bool, mostBytes: Int = .max) {
        self.device = device
        gpu = GPUBackend(device, usesTensorCores: usesTensorCores)
        halves = GPUBackend(device, halves: true, usesTensorCores: usesTensorCores)
        let information = device.information
        width = information.isProcessor ? 256 : 1024
        let wanted = information.isProcessor ? 32 << 20 : min(256 << 20, information.memoryBytes / 16)
        copied = max(1 << 20, min(wanted, mostBytes / 2))
    }

    func bandwidth() throws(DeviceError) -> Double {
        let rows = copied / (1024 * MemoryLayout<Float>.stride)
        let (from, to) = (Matrix(rows: rows, columns: 1024), Matrix(rows: rows, columns: 1024))
        let seconds = try time { gpu.copy(from, into: to) }
        return 2 * Double(rows * 1024 * MemoryLayout<Float>.stride) / seconds * 1e-9
    }

    func launch() throws(DeviceError) -> Double {
        let one = Matrix(rows: 1, columns: 1)
        return try time { gpu.add(one, one, into: one) }
    }

    func steps() throws(DeviceError) -> [KernelMeasurement] {
        var found: [KernelMeasurement] = []
        for format in Kernel.WeightFormat.allCases {
            for rows in [1, 8, 256] { found.append(try linear(format, rows: rows)) }
        }
        return try found + transformer() + audio()
    }

    private func linear(_ format: Kernel.WeightFormat, rows: Int) throws(DeviceError) -> KernelMeasurement {
        let precision: Precision =
            switch format {
            case .f32, .f16: .f32
            case .bf16: .bf16
            case .int8: .int8
            }
        let outputs = 4 * width
        let weight = LinearWeight(zeros: LinearWeight.Form(outputs: outputs, inputs: width, precision: precision))
        let norm = NormWeight(values: Array(repeating: 1, count: width), epsilon: 1e-5)
        let (x, out) = (Matrix(rows: rows, columns: width), Matrix(rows: rows, columns: outputs))
        let backend = format == .f16 ? halves : gpu
        return try step(
            "linear, \(rows) x \(width) by \(outputs), \(format)",
            bytes: GPUBackend.byteCount(of: weight, halves: format == .f16) + bytes(x, out),
            operations: 2 * rows * width * outputs
        ) {
            backend.linear(x, norm: norm, weight, into: out, .store)
        }
    }

    private func transformer() throws(DeviceError) -> [KernelMeasurement] {
        let heads = HeadLayout(heads: 16, keyValueHeads: 2, headSize: width / 16)
        let span = 1024
        let cache = (
            keys: Matrix(rows: span, columns: heads.keyValueWidth),
            values: Matrix(rows: span, columns: heads.keyValueWidth)
        )
        let table = RotaryTable(
            cosines: Matrix(rows: span, columns: heads.headSize / 2),
            sines: Matrix(rows: span, columns: heads.headSize / 2))
        let one = (qkv: Matrix(rows: 1, columns: heads.fusedWidth), out: Matrix(rows: 1, columns: heads.queryWidth))
        let many = (
            qkv: Matrix(rows: 256, columns: heads.fusedWidth), out: Matrix(rows: 256, columns: heads.queryWidth)
        )
        let last = RowPlan.causal(from: span - 1, count: 1)
        let block = RowPlan.causal(from: span - 256, count: 256)
        let states = Matrix(rows: 256, columns: width)
        let norm = NormWeight(values: Array(repeating: 1, count: width), epsilon: 1e-5)
        let patch = (0..<3).map { _ in Matrix(rows: 4, columns: 64) }
        return [
            try step("normalize, 256 x \(width)", bytes: 2 * bytes(states), operations: 4 * 256 * width) {
                gpu.normalize(states, norm, into: states)
            },
            try step("rotary and cache, 256 rows", bytes: 2 * bytes(many.qkv), operations: 3 * 256 * heads.fusedWidth) {
                gpu.rotate(many.qkv, heads: heads, table: table, cache: cache, plan: block)
            },
            try step(
                "attention, 1 row over \(span)", bytes: bytes(cache.keys, cache.values, one.qkv),
                operations: 4 * span * heads.queryWidth
            ) {
                gpu.attend(one.qkv, heads: heads, cache: cache, plan: last, into: one.out)
            },
            try step(
                "attention, 256 rows over \(span)", bytes: bytes(cache.keys, cache.values, many.qkv, many.out),
                operations: 4 * (span - 128) * 256 * heads.queryWidth
            ) {
                gpu.attend(many.qkv, heads: heads, cache: cache, plan: block, into: many.out)
            },
            try step("add, 256 x \(width)", bytes: 3 * bytes(states), operations: 256 * width) {
                gpu.add(states, states, into: states)
            },
            try step("guidance, 4 x 64", bytes: 4 * bytes(patch[0]), operations: 8 * 4 * 64) {
                gpu.guide(patch[0], guided: patch[1], free: patch[2], cfg: 2, zeroStar: true, delta: 0.1)
            },
        ]
    }

    private func audio() throws(DeviceError) -> [KernelMeasurement] {
        let (rows, channels) = (2048, 128)
        let x = Matrix(rows: rows + 54, columns: channels)
        let fresh = x[rows: 54..<rows + 54]
        let out = Matrix(rows: rows, columns: channels)
        let sound = Matrix(rows: rows, columns: 1)
        let snake = SnakeWeight(alpha: Array(repeating: 1, count: channels))
        let depthwise = DepthwiseWeight(
            taps: 7, dilation: 9, weights: Array(repeating: 0.1, count: 7 * channels), bias: nil)
        let filter = FilterWeight(weights: Array(repeating: 0.1, count: channels), bias: 0)
        return [
            try step("snake, \(rows) x \(channels)", bytes: 2 * bytes(out), operations: 4 * rows * channels) {
                gpu.snake(fresh, snake, into: out)
            },
            try step(
                "depthwise, 7 taps, \(rows) x \(channels)", bytes: 2 * bytes(out), operations: 14 * rows * channels
            ) {
                gpu.depthwise(fresh, depthwise, snake: snake, into: out)
            },
            try step("filter, \(rows) x \(channels)", bytes: bytes(out, sound), operations: 2 * rows * channels) {
                gpu.filter(out, filter, into: sound)
            },
            try step("tanh, \(rows) x \(channels)", bytes: 2 * bytes(out), operations: rows * channels) {
                gpu.tanh(out)
            },
        ]
    }

    private func step(
        _ name: String, bytes: Int, operations: Int, _ body: () -> Void
    ) throws(DeviceError) -> KernelMeasurement {
        KernelMeasurement(name: name, seconds: try time(body), bytes: bytes, operations: operations)
    }

    private func bytes(_ matrices: Matrix...) -> Int {
        matrices.reduce(0) { $0 + $1.rows * $1.columns } * MemoryLayout<Float>.stride
    }

    /// Seconds of one call, from more and more of them until they take long enough.
    private func time(_ body: () -> Void) throws(DeviceError) -> Double {
        // The first one compiles and copies.
        body()
        try finish()
        var count = 1
        while true {
            let start = ContinuousClock.now
            for _ in 0..<count { body() }
            try finish()
            let time = ContinuousClock.now - start
            if time >= Self.least || count >= 1 << 16 {
                let (whole, attoseconds) = time.components
                return (Double(whole) + Double(attoseconds) * 1e-18) / Double(count)
            }
            count *= 2
        }
    }

    private func finish() throws(DeviceError) {
        if let failure = gpu.failure ?? halves.failure { throw failure }
        try device.finish()
    }
}
