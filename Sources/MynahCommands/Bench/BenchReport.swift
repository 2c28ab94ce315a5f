import Foundation
import GPU
import VoxCPM

/// What a benchmark measured. The names of the JSON are its keys.
struct BenchReport: Codable {
    /// A stage of the engine.
    struct Stage: Codable {
        var seconds: Double
        /// 10^9 multiplications and additions that the model's dimensions ask for.
        var gigaops: Double
        /// 10^9 bytes of weights, keys and values read.
        var gigabytes: Double
        /// What would keep the machine busy longest.
        var bound: Work.Bound?
        /// The time that the machine's measured peak would need, over the time taken.
        var peakShare: Double

        enum CodingKeys: String, CodingKey {
            case seconds, gigaops, gigabytes, bound
            case peakShare = "peak_share"
        }

        /// The stage's speed in what bounds it.
        var speed: String {
            guard seconds > 0, let bound else { return "" }
            return switch bound {
            case .arithmetic: "\(Figures.seconds(gigaops / seconds)) Gop/s"
            case .memory: "\(Figures.seconds(gigabytes / seconds)) GB/s"
            }
        }
    }

    /// The machine's measured peak.
    struct Machine: Codable {
        /// Of 32-bit floats.
        var gigaflops: Double
        /// Of 8-bit integers.
        var int8GigaopsPerSecond: Double
        var gigabytesPerSecond: Double

        enum CodingKeys: String, CodingKey {
            case gigaflops
            case int8GigaopsPerSecond = "int8_gigaops_per_second"
            case gigabytesPerSecond = "gigabytes_per_second"
        }

        /// A line for people.
        var text: String {
            "this machine: \(Figures.seconds(gigaflops)) GFLOP/s in 32-bit floats, "
                + "\(Figures.seconds(int8GigaopsPerSecond)) Gop/s in 8-bit integers, "
                + "\(Figures.seconds(gigabytesPerSecond)) GB/s from memory"
        }
    }

    /// What a device was asked for.
    struct Device: Codable {
        var id: String
        var name: String
        var driver: String
        var usesTensorCores: Bool
        /// Of a step, which makes one patch of every sequence.
        var launchesPerStep: Double
        /// Bytes that the launches of a step read and write, and those of weights among them.
        var bytesPerStep: Double
        var weightBytesPerStep: Double
        /// The device's own memory, by copying.
        var gigabytesPerSecond: Double
        /// The time that moving those bytes would take at that speed, over the time taken.
        var memoryShare: Double
        /// The most bytes of its memory that were laid out, and what was planned before.
        var memoryBytes: Int
        var plannedBytes: Int?

        enum CodingKeys: String, CodingKey {
            case id, name, driver
            case usesTensorCores = "uses_tensor_cores"
            case launchesPerStep = "launches_per_step"
            case bytesPerStep = "bytes_per_step"
            case weightBytesPerStep = "weight_bytes_per_step"
            case gigabytesPerSecond = "gigabytes_per_second"
            case memoryShare = "memory_share"
            case memoryBytes = "memory_bytes"
            case plannedBytes = "planned_bytes"
        }

        /// - Parameter seconds: Of a step.
        init(
            _ gpu: GPUBackend, _ launches: LaunchCount, steps: Int, seconds: Double, gigabytesPerSecond: Double,
            plan: DeviceMemoryPlan?
        ) {
            let information = gpu.device.information
            let steps = Double(max(steps, 1))
            id = information.id
            name = information.name
            driver = information.driver
            usesTensorCores = gpu.usesTensorCores
            launchesPerStep = Double(launches.launches) / steps
            bytesPerStep = Double(launches.bytes) / steps
            weightBytesPerStep = Double(launches.weightBytes) / steps
            self.gigabytesPerSecond = gigabytesPerSecond
            let least = gigabytesPerSecond > 0 ? bytesPerStep * 1e-9 / gigabytesPerSecond : 0
            memoryShare = seconds > 0 ? least / seconds : 0
            memoryBytes = gpu.mostMemoryBytes
            plannedBytes = plan?.totalBytes
        }

        /// Lines for people.
        var text: String {
            """
            \(id) \(name), \(driver)\(usesTensorCores ? ", on tensor cores" : "")
            a step: \(Int(launchesPerStep.rounded())) launches, \(Figures.bytes(Int(bytesPerStep))) moved \
            (\(Figures.bytes(Int(weightBytesPerStep))) of weights), \(Int((100 * memoryShare).rounded())) % of the \
            \(Figures.seconds(gigabytesPerSecond)) GB/s that its memory gives
            its memory: \(Figures.bytes(memoryBytes)) laid out\(plannedBytes.map { ", \(Figures.bytes($0)) planned" } ?? "")
            """
        }
    }

    var model: String
    var rtf: Double
    var audioSeconds: Double
    var wallSeconds: Double
    var loadSeconds: Double
    var timeToFirstAudioSeconds: Double
    var millisecondsPerPatch: Double
    var peakRSSBytes: Int
    var threads: Int
    var precision: String
    var instructionSet: String
    /// Patches of each sequence.
    var patches: Int
    /// Sequences at once; absent in files of earlier versions, which had one.
    var batch: Int?
    var steps: Int
    var cfg: Double
    var promptSeconds: Double
    /// Speech before the measured one that was not encoded; absent in files of earlier versions, which had none.
    var contextSeconds: Double?
    var textTokens: Int
    var machine: Machine
    var stages: [String: Stage]
    /// Nil where the processor computed.
    var device: Device?

    enum CodingKeys: String, CodingKey {
        case model, rtf, threads, precision, patches, batch, steps, cfg, machine, stages, device
        case audioSeconds = "audio_seconds"
        case wallSeconds = "wall_seconds"
        case loadSeconds = "load_seconds"
        case timeToFirstAudioSeconds = "time_to_first_audio_seconds"
        case millisecondsPerPatch = "milliseconds_per_patch"
        case peakRSSBytes = "peak_rss_bytes"
        case instructionSet = "instruction_set"
        case promptSeconds = "prompt_seconds"
        case contextSeconds = "context_seconds"
        case textTokens = "text_tokens"
    }

    /// One JSON object on one line.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// A table for people.
    var text: String {
        let header = ["stage", "seconds", "ms/patch", "Gop", "GB", "speed", "of peak"]
        var table = TextTable(header, rightAligned: [1, 2, 3, 4, 5, 6])
        for stage in StageTimings.Stage.allCases {
            guard let figures = stages[stage.rawValue] else { continue }
            let isOnce = stage == .prefill || stage == .vaeEncode
            table.add([
                stage.rawValue, Figures.ratio(figures.seconds),
                isOnce ? "" : Figures.seconds(1000 * figures.seconds / Double(patches * (batch ?? 1))),
                Figures.seconds(figures.gigaops), Figures.seconds(figures.gigabytes), figures.speed,
                figures.seconds > 0 ? "\(Int((100 * figures.peakShare).rounded())) %" : "",
            ])
        }
        return """
            \(model), \(precision), \(threads) threads, \(instructionSet), \(patches) patches, \(steps) steps, \
            cfg \(cfg)\(batch.map { $0 > 1 ? ", \($0) sequences at once" : "" } ?? "")
            RTF \(Figures.ratio(rtf)): \(Figures.seconds(audioSeconds)) s of speech in \(Figures.seconds(wallSeconds)) s
            \(Figures.seconds(millisecondsPerPatch)) ms for each patch, first audio after \
            \(Figures.ratio(timeToFirstAudioSeconds)) s
            loading \(Figures.seconds(loadSeconds)) s, peak memory \(Figures.bytes(peakRSSBytes))
            \(device?.text ?? machine.text)

            \(table.text)
            """
    }
}
