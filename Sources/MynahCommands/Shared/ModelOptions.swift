import ArgumentParser
import Checkpoint
import Compute
import Foundation
import GPU
import SpeechEngine
import VoxCPM

/// How numbers are stored.
enum PrecisionChoice: String, ExpressibleByArgument, CaseIterable {
    /// Whatever is fastest on this machine.
    case auto
    case f32, bf16, int8
    /// 16-bit floats, which devices alone compute with.
    case f16

    /// The precision that a model is loaded with; nil for `auto`. A device makes 16-bit floats out of 32-bit ones.
    var precision: Precision? {
        switch self {
        case .auto: nil
        case .f32, .f16: .f32
        case .bf16: .bf16
        case .int8: .int8
        }
    }
}

/// The options of every command that computes.
struct EngineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the weights are stored as while computing.",
            discussion: "f32 equals the reference most closely, bf16 halves memory and its traffic, int8 is fastest. "
                + "auto is int8 where the processor has dot products of 8-bit integers (AVX-512 VNNI, AVX-VNNI, NEON "
                + "dotprod) and bf16 elsewhere; 'mynah trace' takes f32. f16 is for devices and for checkpoints in 32-bit "
                + "floats: as small as bf16, and rounded less.",
            valueName: "auto|f32|f16|bf16|int8"))
    var precision = PrecisionChoice.auto

    @OptionGroup var computing: DeviceOption

    @Option(help: "Threads that compute (default: the physical cores).")
    var threads: Int?

    @Flag(help: "Neither use nor write the file that keeps a large model's packed weights for the next start.")
    var noPackCache = false

    /// The precision asked for; where none was, or none that the processor has, `automatic`, or bf16 on a device and the
    /// fastest on a processor.
    func chosenPrecision(automatic: Precision? = nil, onDevice: Bool) throws -> Precision {
        if let chosen = precision.precision ?? automatic, onDevice || precision != .f16 { return chosen }
        return onDevice ? .bf16 : .fastest(on: try InstructionSet.named(instructionSet))
    }

    /// Begins to use the device that was asked for; nil for the processor. Says what was chosen where that was left open.
    ///
    /// - Parameter place: After a failure of the device its kernels are compared anew.
    /// - Throws: `DeviceError`, ``CommandError``.
    func chosenDevice(on place: ModelPlace = .device) throws -> ChosenDevice? {
        guard place != .processor, computing.device != .processor else { return nil }
        let selection = try DeviceSelector.ofThisMachine(trusts: place == .device).select(computing.device)
        if let reason = selection.reason { Console.note("Note: \(reason).") }
        guard let device = selection.device else { return nil }
        return try ChosenDevice(
            device, usesTensorCores: selection.usesTensorCores, halves: precision == .f16, allowed: computing.gpuMemory)
    }

    /// Loads a checkpoint, and says why its packed weights could not be kept.
    ///
    /// - Parameters:
    ///   - automatic: The precision where none was asked for; nil for what suits what computes.
    ///   - wish: The engine that a device's memory must have room for.
    /// - Throws: `DeviceMemoryError` where it has not, before anything is loaded.
    func load(
        _ checkpoint: CheckpointFolder, automatic: Precision? = nil, on place: ModelPlace = .device, wish: EngineWish,
        progress: @escaping (Int, Int) -> Void = { _, _ in }
    ) throws -> PlacedModel {
        let device = try chosenDevice(on: place)
        let precision = try chosenPrecision(automatic: automatic, onDevice: device != nil)
        let plan = try device.map { device in
            try device.plan(
                DevicePlanner(
                    checkpoint, precision: precision, recordings: wish.recordings, sizes: device.sizes), wish,
                longest: checkpoint.configuration.maxLength)
        }
        let model = try VoxCPMModel(
            checkpoint, precision: precision, threads: threadCount, instructionSet: instructionSet,
            device: device?.backend(), packs: noPackCache ? nil : PackCache(), progress: progress)
        if case .failed(let reason) = model.packs {
            Console.note("Note: the packed weights are not kept for the next start: \(reason).")
        }
        return PlacedModel(model: model, capacity: plan?.capacity, plan: plan, limitBytes: device?.limitBytes)
    }

    /// Threads to use.
    var threadCount: Int { threads ?? ProcessorCount.physicalCores }

    /// The instruction set asked for by `MYNAH_CPU`; nil for the best.
    var instructionSet: String? {
        ProcessInfo.processInfo.environment["MYNAH_CPU"].flatMap { $0.isEmpty ? nil : $0 }
    }

    func validate() throws {
        if computing.gpuMemory != nil, computing.device == .processor {
            throw ValidationError("--gpu-memory limits a device; name one with --device, such as --device gpu.")
        }
        if precision == .f16, computing.device == .processor {
            throw ValidationError("--precision f16 is for devices; name one with --device, such as --device gpu.")
        }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads), but must be 1 to 1024.")
        }
    }
}

/// The option that chooses a model.
struct ModelOption: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A model's folder or name.",
            discussion: "Names are looked up in ./models, in models of the program's checkout, in the folders of "
                + "MYNAH_MODELS and in ~/.local/share/mynah/models.",
            valueName: "dir|name"))
    var model = "nano"

    /// The folder of the model.
    func folder() throws -> URL { try ModelShelf.standard.folder(of: model) }
}
