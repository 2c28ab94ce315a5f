import Checkpoint
import Compute

/// What a ``PatchEngine`` takes of memory, known before anything is allocated.
public struct MemoryPlan: Sendable, Equatable {
    /// Bytes of keys and values of one sequence with all its positions. Pages that no position was written to stay
    /// with the system.
    public let keyValueBytesPerSequence: Int
    /// Bytes of what else belongs to one sequence: the state of its AudioVAE decoder.
    public let decoderBytesPerSequence: Int
    /// Bytes of the memory that all steps work in.
    public let workspaceBytes: Int
    public let capacity: EngineCapacity

    /// Bytes in all.
    public var totalBytes: Int {
        capacity.sequences * (keyValueBytesPerSequence + decoderBytesPerSequence) + workspaceBytes
    }

    /// Plans an engine of a model, weights not included.
    ///
    /// - Throws: ``VoxCPMError/invalidParameter(_:value:expected:)`` where the capacity is out of range.
    public init(_ model: VoxCPMModel, _ capacity: EngineCapacity) throws(VoxCPMError) {
        try capacity.validate(model.configuration)
        self.capacity = capacity
        var keysAndValues = MatrixSupply.count
        _ = KeyValueArena(model, capacity, from: &keysAndValues)
        keyValueBytesPerSequence = keysAndValues.byteCount / capacity.sequences
        let decoder = model.audioVAE.decoderBytes(maxChunk: model.configuration.patchSize)
        decoderBytesPerSequence = decoder.state
        var workspace = MatrixSupply.count
        _ = EngineWorkspace(model, capacity, from: &workspace)
        workspaceBytes = workspace.byteCount + decoder.shared
    }
}
