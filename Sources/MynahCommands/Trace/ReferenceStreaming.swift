import Checkpoint
import Compute
import VoxCPM

/// The chunks that the reference streams: for each patch it decodes the last three anew and keeps the last one's
/// samples. Its chunks have seams, ours have none; this is for comparing with the reference only.
final class ReferenceStreaming {
    private static let windowPatches = 3
    private let model: VoxCPMModel
    private var patches: [[Float]]

    /// - Parameter prompt: Its last two patches are in front of the first window.
    init(_ model: VoxCPMModel, prompt: Matrix?) {
        self.model = model
        let size = model.configuration.patchSize
        let count = (prompt?.rows ?? 0) / size
        patches = (max(0, count - Self.windowPatches + 1)..<count).compactMap { index in
            prompt.map { $0[rows: index * size..<(index + 1) * size].values() }
        }
    }

    /// Takes the next patch and records its chunk as a row of `chunks`.
    func append(_ patch: Patch, to trace: TraceRecorder) throws {
        patches.append(patch.latents)
        patches = Array(patches.suffix(Self.windowPatches))
        let columns = model.configuration.latentSize
        let window = Matrix(
            rows: patches.count * model.configuration.patchSize, columns: columns, values: patches.flatMap { $0 })
        let samples = try model.audioVAE.decode(window).suffix(model.samplesPerPatch)
        trace.append("chunks", shape: [samples.count], Array(samples))
    }
}
