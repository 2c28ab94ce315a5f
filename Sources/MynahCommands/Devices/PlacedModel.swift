import Checkpoint
import Compute
import GPU
import SpeechEngine
import VoxCPM

/// A loaded model, and how large an engine there is memory for on its device.
struct PlacedModel {
    let model: VoxCPMModel
    /// Nil on the processor, where the engine's own limits count.
    let capacity: EngineCapacity?
    /// What was planned for the device; nil on the processor.
    let plan: DeviceMemoryPlan?
    /// The most bytes that may be laid out on the device.
    let limitBytes: Int?
}

/// What an engine is wanted for, so that a device's memory can be planned before a model is loaded.
struct EngineWish {
    /// The largest that is useful; positions are cut to the model's.
    var most: EngineCapacity
    /// The smallest that will do.
    var least: EngineCapacity
    /// Whether recordings are to be encoded.
    var recordings: Bool

    /// Whatever fits, for one speech at a time.
    static func one(recordings: Bool) -> EngineWish {
        EngineWish(
            most: EngineCapacity(positions: .max), least: EngineCapacity(positions: DevicePlanner.shortest),
            recordings: recordings)
    }

    /// Exactly so much.
    static func exactly(_ capacity: EngineCapacity, recordings: Bool) -> EngineWish {
        EngineWish(most: capacity, least: capacity, recordings: recordings)
    }
}

/// A device that was chosen, before a model is loaded onto it.
struct ChosenDevice {
    let device: any Device
    let usesTensorCores: Bool
    /// Whether weights in 32-bit floats become 16-bit floats on it.
    let halves: Bool
    /// What may be laid out: what the device has free, less some for its driver, and no more than was allowed.
    let limitBytes: Int

    /// - Parameter allowed: What `--gpu-memory` says; nil for all that there is.
    /// - Throws: `DeviceError` where the device cannot be asked.
    init(_ device: any Device, usesTensorCores: Bool, halves: Bool, allowed: ByteCount?) throws(DeviceError) {
        self.device = device
        self.halves = halves
        self.usesTensorCores = usesTensorCores
        let free = try device.freeMemoryBytes() ?? device.information.memoryBytes
        // Kernels and queues take some, too.
        limitBytes = min(allowed?.bytes ?? .max, free - free / 32)
    }

    /// Plans a model and the largest engine that there is room for, and says where that is less than was wished.
    ///
    /// - Throws: `DeviceMemoryError.tooLittle(plan:limitBytes:fitting:int8Bytes:)` before anything is loaded.
    func plan(_ planner: DevicePlanner, _ wish: EngineWish, longest: Int) throws -> DeviceMemoryPlan {
        func cut(_ capacity: EngineCapacity) -> EngineCapacity {
            EngineCapacity(sequences: capacity.sequences, positions: max(2, min(capacity.positions, longest)))
        }
        let most = cut(wish.most)
        let plan = try planner.fitting(most, least: cut(wish.least), limitBytes: limitBytes)
        if plan.capacity != most {
            func words(_ capacity: EngineCapacity) -> String {
                (capacity.sequences == 1 ? "one speech" : "\(capacity.sequences) speeches at once")
                    + " of \(capacity.positions) positions"
            }
            Console.note(
                "Note: the device has room for \(words(plan.capacity)) (\(Figures.bytes(plan.totalBytes)) of "
                    + "\(Figures.bytes(limitBytes))), not for \(words(most)).")
        }
        return plan
    }

    /// The backend that keeps to the limit.
    func backend() -> GPUBackend {
        GPUBackend(device, halves: halves, usesTensorCores: usesTensorCores, limitBytes: limitBytes)
    }

    /// How large things are on it.
    var sizes: DeviceSizes {
        DeviceSizes { [halves] in
            GPUBackend.byteCount(of: $0, halves: halves)
        } scratchBytes: {
            GPUBackend.scratchBytes(for: $0)
        }
    }
}
