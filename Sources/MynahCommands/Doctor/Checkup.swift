import AudioIO
import Checkpoint
import Compute
import Foundation
import GPU
import Glibc
import VoxCPM

/// What `mynah doctor` finds on this machine. The names of the JSON are its keys.
struct Checkup: Encodable {
    /// The processor and its memory.
    struct Machine: Encodable {
        var processor: String
        var architecture: String
        var threads: Int
        var memoryBytes: Int
        var freeMemoryBytes: Int

        enum CodingKeys: String, CodingKey {
            case processor, architecture, threads
            case memoryBytes = "memory_bytes"
            case freeMemoryBytes = "free_memory_bytes"
        }
    }

    /// The kernels in use.
    struct Kernels: Encodable {
        var instructionSet: String
        var available: [String]
        var features: [String]
        /// What `MYNAH_CPU` says, where it is set.
        var wanted: String?
        var hasDotProduct: Bool
        var precision: String

        enum CodingKeys: String, CodingKey {
            case available, features, wanted, precision
            case instructionSet = "instruction_set"
            case hasDotProduct = "has_dot_product"
        }
    }

    /// The model that was asked for.
    struct Model: Encodable {
        var name: String
        var folder: String?
        var parameters: Int?
        var faults: [String] = []
        /// Its packed weights: `kept`, `missing`, `unusable` or `too small to keep`.
        var packs: String?
        var packFile: String?

        enum CodingKeys: String, CodingKey {
            case name, folder, parameters, faults, packs
            case packFile = "pack_file"
        }
    }

    /// Programs and libraries for sound.
    struct Sound: Encodable {
        var library: String
        var formats: [String]
        var player: String?
    }

    var version = Program.version
    var machine: Machine
    var kernels: Kernels
    var model: Model
    var sound: Sound
    /// What `--device` takes beside the processor.
    var devices = DeviceCheckup.Device.all
    /// Which of them `--device auto` tries first; nil where that is the processor.
    var card = Devices().cards.first?.id
    /// What could be better, and how; empty where all is well.
    var advice: [String] = []

    /// Looks at everything.
    ///
    /// - Throws: `ComputeError` where `MYNAH_CPU` asks for what this machine cannot run.
    init(model name: String) throws {
        machine = Machine.current
        let wanted = ProcessInfo.processInfo.environment["MYNAH_CPU"].flatMap { $0.isEmpty ? nil : $0 }
        let chosen = try InstructionSet.named(wanted)
        let precision = Precision.fastest(on: chosen)
        kernels = Kernels(
            instructionSet: chosen.name, available: InstructionSet.available.map(\.name),
            features: InstructionSet.processorFeatures, wanted: wanted, hasDotProduct: chosen.hasDotProduct,
            precision: precision.rawValue)
        model = Model(name, precision)
        let player = try? PlayerProgram.find(searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "")
        sound = Sound(
            library: EncoderCatalog.libraryVersion, formats: EncoderCatalog.encodable.map(\.rawValue),
            player: player?.path)
        advice = advise()
    }

    /// Whether a model can speak here.
    var isWell: Bool { model.faults.isEmpty }

    private func advise() -> [String] {
        var advice: [String] = []
        for fault in model.faults.prefix(3) { advice.append("The model cannot be used: \(fault)") }
        if let card, devices.first(where: { $0.id == card })?.verdict == nil {
            advice.append("See what the graphics card can do: mynah doctor --device \(card).")
        }
        if let wanted = kernels.wanted, kernels.available.first != kernels.instructionSet {
            advice.append(
                "MYNAH_CPU=\(wanted) keeps the faster kernels \(kernels.available.first ?? "") from being used; unset it."
            )
        }
        if machine.threads == 1 {
            advice.append("Only one core is available to this process; a second one makes speech almost twice as fast.")
        }
        // Weights in the fastest precision and as much again for everything else.
        let perWeight = kernels.precision == Precision.int8.rawValue ? 1 : 2
        if let parameters = model.parameters, machine.freeMemoryBytes < 2 * perWeight * parameters {
            advice.append(
                "There are \(Figures.bytes(machine.freeMemoryBytes)) of memory free, which is little for this model; "
                    + "end other programs.")
        }
        if model.packs == "unusable" {
            advice.append("The packed weights are out of date or damaged; the next start of the model makes them anew.")
        }
        if sound.player == nil { advice.append("\(PlayerError.noPlayer) Until then --play does not work.") }
        return advice
    }

    /// Lines for people.
    var text: String {
        let why =
            kernels.wanted.map { "as MYNAH_CPU=\($0) asks" }
            ?? "the best of \(kernels.available.joined(separator: ", "))"
        let products = kernels.hasDotProduct ? "has" : "has no"
        var lines = [
            ("mynah", version),
            ("processor", "\(machine.processor) (\(machine.architecture)), \(machine.threads) cores for this process"),
            ("kernels", "\(kernels.instructionSet), \(why)"),
            ("precision", "\(kernels.precision), since it \(products) dot products of 8-bit integers"),
            (
                "memory",
                "\(Figures.bytes(machine.memoryBytes)), \(Figures.bytes(machine.freeMemoryBytes)) of it free"
            ),
            ("model", model.text),
        ]
        if let packs = model.packs { lines.append(("packed", packs + (model.packFile.map { ": \($0)" } ?? ""))) }
        lines.append(("sound", "\(sound.library): \(sound.formats.joined(separator: ", "))"))
        for device in devices { lines.append(("device", "\(device.text); \(device.verdictText)")) }
        lines.append(("player", sound.player ?? "none"))
        let table = lines.map { $0.0.padding(toLength: 11, withPad: " ", startingAt: 0) + $0.1 }
        let advice = advice.isEmpty ? ["All is well."] : advice
        return table.joined(separator: "\n") + "\n\n" + advice.joined(separator: "\n")
    }
}

extension Checkup.Machine {
    fileprivate static var current: Checkup.Machine {
        var system = utsname()
        uname(&system)
        let architecture = withUnsafeBytes(of: system.machine) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let processors = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let memory = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
        return Checkup.Machine(
            processor: value(of: "model name", in: processors) ?? "unknown processor", architecture: architecture,
            threads: ProcessorCount.physicalCores, memoryBytes: bytes(of: "MemTotal", in: memory),
            freeMemoryBytes: bytes(of: "MemAvailable", in: memory))
    }

    private static func value(of key: String, in text: String) -> String? {
        let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
        return line?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private static func bytes(of key: String, in text: String) -> Int {
        (value(of: key + ":", in: text).flatMap { Int($0.filter(\.isNumber)) } ?? 0) * 1024
    }
}

extension Checkup.Model {
    fileprivate init(_ name: String, _ precision: Precision) {
        self.name = name
        do {
            let place = try ModelShelf.standard.folder(of: name)
            folder = place.path
            let checkpoint = try CheckpointFolder(place)
            parameters = CheckpointReport(checkpoint).total.parameterCount
            faults = checkpoint.faults().filter { !$0.isWarning }.map { "\($0)" }
            let cache = PackCache()
            guard cache.isWorthwhile(checkpoint, precision: precision) else {
                packs = "too small to keep"
                return
            }
            let found = try cache.find(checkpoint, precision: precision)
            packs = found.pack != nil ? "kept" : found.faults.isEmpty ? "missing" : "unusable"
            packFile = found.pack?.file.path
        } catch {
            faults.append(Program.sentence(error))
        }
    }

    /// One line for people.
    fileprivate var text: String {
        guard faults.isEmpty else { return "\(folder ?? name): \(faults.count == 1 ? "a fault" : "faults")" }
        return "\(folder ?? name): \(Figures.grouped(parameters ?? 0)) parameters, sound"
    }
}
