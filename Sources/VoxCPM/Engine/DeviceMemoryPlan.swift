public import Checkpoint
public import Compute

/// What a model and an engine take of a device's memory, known before anything of them is loaded.
public struct DeviceMemoryPlan: Sendable, Equatable {
    /// Bytes of the linear layers, as the device keeps them.
    public let weightBytes: Int
    /// Bytes of what else never changes: norms, small convolutions, tables of the rotary embedding. At most.
    public let constantBytes: Int
    /// Bytes for encoding recordings: the AudioVAE's encoder, and what it works in. 0 where none are to be encoded.
    public let recordingBytes: Int
    /// Bytes for what depends on single requests: schedules of flow matching, places of rows. At most.
    public let requestBytes: Int
    /// Keys and values, decoders, and the memory of steps.
    public let engine: MemoryPlan

    public var capacity: EngineCapacity { engine.capacity }
    /// Bytes of keys and values of all sequences.
    public var keyValueBytes: Int { capacity.sequences * engine.keyValueBytesPerSequence }
    /// Bytes of what steps work in, the decoders' states included.
    public var workspaceBytes: Int { engine.totalBytes - keyValueBytes }
    /// Bytes in all.
    public var totalBytes: Int { weightBytes + constantBytes + recordingBytes + requestBytes + engine.totalBytes }
}

/// How large things are on a device.
public struct DeviceSizes: Sendable {
    /// Bytes of a linear layer's panels.
    public let weightBytes: @Sendable (LinearWeight) -> Int
    /// Bytes that steps need beside the storages that they are given.
    public let scratchBytes: @Sendable (HeadLayout) -> Int

    public init(
        weightBytes: @escaping @Sendable (LinearWeight) -> Int,
        scratchBytes: @escaping @Sendable (HeadLayout) -> Int
    ) {
        self.weightBytes = weightBytes
        self.scratchBytes = scratchBytes
    }
}

/// A model does not fit into a device's memory.
public enum DeviceMemoryError: Error, Equatable, CustomStringConvertible {
    /// - Parameters:
    ///   - plan: What was asked for, or the least of it.
    ///   - limitBytes: What there is, or what is allowed.
    ///   - fitting: What would fit instead, of the same weights; nil where nothing does.
    ///   - int8Bytes: What the same takes with 8-bit weights, where that fits; nil where it does not, or is so already.
    case tooLittle(plan: DeviceMemoryPlan, limitBytes: Int, fitting: EngineCapacity?, int8Bytes: Int?)

    public var description: String {
        switch self {
        case .tooLittle(let plan, let limit, let fitting, let int8Bytes):
            let capacity = plan.capacity
            var advice: [String] = []
            if let fitting { advice.append("\(Self.words(fitting)) would fit") }
            if let int8Bytes { advice.append("--precision int8 takes \(Self.mebibytes(int8Bytes))") }
            if advice.isEmpty { advice.append("use --device cpu") }
            return "the model takes \(Self.mebibytes(plan.totalBytes)) of the device's memory "
                + "(weights \(Self.mebibytes(plan.weightBytes + plan.constantBytes)), keys and values "
                + "\(Self.mebibytes(plan.keyValueBytes)) for \(Self.words(capacity)), workspace "
                + "\(Self.mebibytes(plan.workspaceBytes + plan.recordingBytes + plan.requestBytes))), but "
                + "\(Self.mebibytes(limit)) are there or allowed; \(advice.joined(separator: ", "))"
        }
    }

    private static func words(_ capacity: EngineCapacity) -> String {
        "\(capacity.sequences == 1 ? "one sequence" : "\(capacity.sequences) sequences") of \(capacity.positions) positions"
    }

    private static func mebibytes(_ bytes: Int) -> String {
        bytes < 10 << 20 ? "\((bytes + 1023) >> 10) KiB" : "\((bytes + (1 << 20) - 1) >> 20) MiB"
    }
}

/// Plans what a model takes of a device's memory, from its files' descriptions and small tensors.
///
/// The model is made as it is for work, but for the linear layers, which have their form and no content: so a plan and
/// an engine follow from the same code.
public struct DevicePlanner {
    private let model: VoxCPMModel
    private let sizes: DeviceSizes
    private let weightBytes: Int
    private let constantBytes: Int
    private let recordingBytes: Int
    private let int8: (() throws -> DevicePlanner)?

    /// - Parameters:
    ///   - folder: A checkpoint that was not loaded yet.
    ///   - recordings: Whether recordings are to be encoded.
    ///   - sizes: How large things are on the device.
    /// - Throws: The faults of the checkpoint.
    public init(
        _ folder: CheckpointFolder, precision: Precision, recordings: Bool, sizes: DeviceSizes
    ) throws {
        try folder.verify()
        try self.init(
            configuration: folder.configuration, weights: folder.model, audioVAEWeights: folder.audioVAE,
            precision: precision, recordings: recordings, sizes: sizes)
    }

    /// - Throws: Faults of the weights.
    public init(
        configuration: ModelConfiguration, weights: any TensorSource, audioVAEWeights: any TensorSource,
        precision: Precision, recordings: Bool, sizes: DeviceSizes
    ) throws {
        model = try VoxCPMModel(
            formsOf: weights, audioVAEWeights, configuration: configuration, precision: precision)
        self.sizes = sizes
        let layers = model.panels.weights.map(\.weight)
        weightBytes = Self.bytes(of: layers, sizes)
        var recording = 0
        if recordings {
            let audioVAE = model.audioVAE
            let work = try audioVAE.encoderBytes()
            recording = Self.bytes(of: model.panels.weights.dropFirst(layers.count).map(\.weight), sizes) + work
        }
        recordingBytes = recording
        // What is in no linear layer; a snake is kept in two forms.
        try model.audioVAE.loadedEncoder()
        let vectors = weights.tensors.values.filter { $0.shape.count != 2 }.reduce(0) { $0 + $1.count }
        let sound = audioVAEWeights.tensors.values.reduce(0) { $0 + $1.count }
        let layersOfSound = model.panels.weights.filter { $0.name.hasPrefix("audio_vae.") }
            .reduce(0) { $0 + $1.weight.outputs * $1.weight.inputs }
        constantBytes =
            2 * (vectors + max(0, sound - layersOfSound)) * MemoryLayout<Float>.stride + model.tableBytes
        int8 =
            precision == .int8
            ? nil
            : {
                try DevicePlanner(
                    configuration: configuration, weights: weights, audioVAEWeights: audioVAEWeights, precision: .int8,
                    recordings: recordings, sizes: sizes)
            }
    }

    /// Panels and biases of linear layers.
    private static func bytes(of layers: [LinearWeight], _ sizes: DeviceSizes) -> Int {
        layers.reduce(0) { $0 + sizes.weightBytes($1) + ($1.biases?.count ?? 0) * MemoryLayout<Float>.stride }
    }

    /// Plans an engine.
    ///
    /// - Throws: ``VoxCPMError/invalidParameter(_:value:expected:)`` where the capacity is out of range.
    public func plan(_ capacity: EngineCapacity) throws(VoxCPMError) -> DeviceMemoryPlan {
        let engine = try MemoryPlan(model, capacity)
        let configuration = model.configuration
        // Schedules of flow matching with the most steps, those that are kept and what making one takes.
        let schedules = 12 * 1000 * configuration.localDiT.hiddenSize * MemoryLayout<Float>.stride
        // Four numbers for each row of each plan that is kept, of blocks and of recorded chains.
        let rows = 256 * 16 * max(EngineWorkspace.prefillRows, capacity.sequences)
        // Storages lie side by side at multiples of a step.
        let gaps = 256 * (128 + 4 * capacity.sequences)
        return DeviceMemoryPlan(
            weightBytes: weightBytes, constantBytes: constantBytes, recordingBytes: recordingBytes,
            requestBytes: schedules + rows + gaps + sizes.scratchBytes(model.semanticHeads), engine: engine)
    }

    /// The largest engine that fits: with fewer sequences, then with shorter ones.
    ///
    /// - Parameters:
    ///   - wish: The largest that is useful.
    ///   - least: The smallest that is.
    ///   - limitBytes: What the device has, or what may be taken of it.
    /// - Throws: ``DeviceMemoryError/tooLittle(plan:limitBytes:fitting:int8Bytes:)``, ``VoxCPMError``.
    public func fitting(_ wish: EngineCapacity, least: EngineCapacity, limitBytes: Int) throws -> DeviceMemoryPlan {
        let whole = try plan(wish)
        if whole.totalBytes <= limitBytes { return whole }
        if let found = try largest(wish, least: least, limitBytes: limitBytes) { return found }
        let smallest = EngineCapacity(sequences: 1, positions: min(least.positions, Self.shortest))
        let other = try largest(least, least: smallest, limitBytes: limitBytes)?.capacity
        let asked = try plan(least)
        var int8Bytes: Int?
        if let planner = try int8?() {
            let bytes = try planner.plan(least).totalBytes
            if bytes <= limitBytes { int8Bytes = bytes }
        }
        throw DeviceMemoryError.tooLittle(plan: asked, limitBytes: limitBytes, fitting: other, int8Bytes: int8Bytes)
    }

    /// Text, voice and speech of a short sentence.
    public static let shortest = 128

    private func largest(
        _ wish: EngineCapacity, least: EngineCapacity, limitBytes: Int
    ) throws -> DeviceMemoryPlan? {
        func fits(_ sequences: Int, _ positions: Int) throws -> Bool {
            try plan(EngineCapacity(sequences: sequences, positions: positions)).totalBytes <= limitBytes
        }
        let counts = stride(from: wish.sequences, through: min(wish.sequences, least.sequences), by: -1)
        if let sequences = try counts.first(where: { try fits($0, wish.positions) }) {
            return try plan(EngineCapacity(sequences: sequences, positions: wish.positions))
        }
        let sequences = min(wish.sequences, least.sequences)
        var (low, high) = (min(least.positions, wish.positions), wish.positions)
        guard try fits(sequences, low) else { return nil }
        while high - low > 1 {
            let middle = (low + high) / 2
            if try fits(sequences, middle) { low = middle } else { high = middle }
        }
        return try plan(EngineCapacity(sequences: sequences, positions: low))
    }
}
