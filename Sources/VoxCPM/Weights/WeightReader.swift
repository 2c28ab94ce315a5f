import Checkpoint
import Compute

/// Reads named tensors of a checkpoint into packed weights.
///
/// Names and shapes were checked against the configuration before (`CheckpointFolder.verify`); what is wrong here all
/// the same is thrown, never trapped.
struct WeightReader {
    let source: any TensorSource
    let precision: Precision
    let team: WorkerTeam
    let panels: PanelStore
    /// Whether what is read is not to be rounded by a device.
    var isDelicate = false
    /// Called with the bytes of every tensor used.
    var progress: (Int) -> Void = { _ in }

    /// A linear layer `name.weight`, with `name.bias` where `hasBias`.
    func linear(_ name: String, hasBias: Bool) throws -> LinearWeight {
        try linear(stacking: [name], hasBias: hasBias)
    }

    /// The same reader for the few small layers that 8-bit integers would hurt most and help least: projections into
    /// and out of the transformers, quantiser, stop predictor and time embeddings stay in 32-bit floats then, and where a
    /// device keeps other weights in 16-bit floats.
    var delicate: WeightReader {
        WeightReader(
            source: source, precision: precision == .int8 ? .f32 : precision, team: team, panels: panels,
            isDelicate: true, progress: progress)
    }

    /// Several linear layers with the same inputs, one below the other.
    func linear(stacking names: [String], hasBias: Bool = false) throws -> LinearWeight {
        let bias = hasBias ? try names.flatMap { try source.floats($0 + ".bias") } : nil
        let infos = try names.map { try matrix($0 + ".weight") }
        let outputs = infos.reduce(0) { $0 + $1.shape[0] }
        let form = LinearWeight.Form(outputs: outputs, inputs: infos[0].shape[1], precision: precision)
        defer { infos.forEach { progress($0.byteCount) } }
        return try panels.weight(names.joined(separator: "+"), form, bias: bias, isDelicate: isDelicate) {
            try rows(of: infos) { matrices in
                LinearWeight(stacking: matrices, bias: bias, precision: precision, team: team)
            }
        }
    }

    /// The two halves of a gated layer.
    func gated(gate: String, up: String) throws -> LinearWeight {
        let infos = try [gate, up].map { try matrix($0 + ".weight") }
        guard infos[0].shape == infos[1].shape else {
            throw VoxCPMError.unusableTensor(
                infos[1].name, file: source.file, reason: "it has the shape \(infos[1].shape) beside \(infos[0].shape)")
        }
        let form = LinearWeight.Form(
            gatedOutputs: infos[0].shape[0], inputs: infos[0].shape[1], precision: precision)
        defer { infos.forEach { progress($0.byteCount) } }
        return try panels.weight("\(gate)|\(up)", form, bias: nil) {
            try rows(of: infos) { matrices in
                LinearWeight(gate: matrices[0], up: matrices[1], precision: precision, team: team)
            }
        }
    }

    func norm(_ name: String, epsilon: Float) throws -> NormWeight {
        NormWeight(values: try source.floats(name + ".weight"), epsilon: epsilon)
    }

    /// The description of a tensor that must be a matrix.
    private func matrix(_ name: String) throws -> TensorInfo {
        guard let info = source.tensors[name] else { throw VoxCPMError.missingTensor(name, file: source.file) }
        guard info.shape.count == 2, info.shape[0] > 0, info.shape[1] > 0 else {
            throw VoxCPMError.unusableTensor(name, file: source.file, reason: "it has the shape \(info.shape)")
        }
        return info
    }

    /// Opens the tensors one inside the other, since their bytes are valid in their closures only.
    private func rows<R>(of infos: [TensorInfo], _ opened: [WeightRows] = [], _ body: ([WeightRows]) throws -> R)
        throws -> R
    {
        guard opened.count < infos.count else {
            defer { infos.forEach { source.relinquish($0.name) } }
            return try body(opened)
        }
        let info = infos[opened.count]
        let format = try source.rowFormat(info)
        if let first = opened.first, first.inputs != info.shape[1] {
            throw VoxCPMError.unusableTensor(
                info.name, file: source.file, reason: "it has \(info.shape[1]) inputs beside \(first.inputs)")
        }
        return try source.withBytes(of: info.name) { bytes in
            let matrix = WeightRows(bytes, format: format, outputs: info.shape[0], inputs: info.shape[1])
            return try rows(of: infos, opened + [matrix], body)
        }
    }
}

extension TensorSource {
    /// The number format of a weight's rows.
    ///
    /// - Throws: ``VoxCPMError/unusableTensor(_:file:reason:)`` where it is not one of the floating-point types in use.
    func rowFormat(_ info: TensorInfo) throws -> WeightRows.Format {
        switch info.type {
        case .f32: return .f32
        case .f16: return .f16
        case .bf16: return .bf16
        default:
            throw VoxCPMError.unusableTensor(info.name, file: file, reason: "its type is \(info.type.rawValue)")
        }
    }
}
