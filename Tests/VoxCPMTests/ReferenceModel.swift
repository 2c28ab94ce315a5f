import Checkpoint
import Compute
import Foundation
import TestSupport
import VoxCPM

/// The fixtures' tiny checkpoints, loaded.
enum ReferenceModel {
    /// Loads a family with two threads in 32-bit floats.
    static func load(
        _ family: String, precision: Precision = .f32, threads: Int = 2, device: (any Backend)? = nil
    ) throws -> VoxCPMModel {
        let folder = Fixtures.folder.appendingPathComponent(family)
        return try VoxCPMModel(
            try CheckpointFolder(folder.appendingPathComponent("checkpoint")), precision: precision, threads: threads,
            device: device)
    }

    /// The tensors that the reference computed for a family.
    static func expected(_ family: String) throws -> SafetensorsFile {
        try SafetensorsFile(
            Fixtures.folder.appendingPathComponent(family).appendingPathComponent("expected.safetensors"))
    }
}
