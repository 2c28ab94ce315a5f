import Checkpoint
import Compute
import Foundation
import GPU
import VoxCPM

/// Measures one sequence, or several at once, of exactly so many patches, whatever the stop predictor says.
struct BenchRun {
    let model: VoxCPMModel
    let name: String
    let loadSeconds: Double
    let patches: Int
    let batch: Int
    let promptSeconds: Double
    let contextSeconds: Double
    let textTokens: Int
    let steps: Int
    let cfg: Double
    /// What was planned of a device's memory; nil on the processor.
    let plan: DeviceMemoryPlan?

    /// Positions that a run takes at most.
    ///
    /// - Parameter seconds: Speech that comes before.
    static func positions(
        _ configuration: ModelConfiguration, textTokens: Int, seconds: Double, patches: Int
    ) -> Int {
        let perPatch = Double(configuration.samplesPerPatch) / Double(configuration.audioVAE.sampleRateHz)
        return textTokens + 1 + Int((seconds / perPatch).rounded(.up)) + 1 + patches
    }

    /// Warms up with one patch, then measures.
    func measure() throws -> BenchReport {
        let clock = ContinuousClock()
        let prompt = promptSeconds > 0 ? recording() : nil
        _ = try Generation(model, request(patches: 1, prompt: nil)).next()
        let gpu = model.backend as? GPUBackend
        let bandwidth = try gpu.map { try Self.bandwidth($0) }

        let start = clock.now
        let latents = try prompt.map { try model.encodePrompt($0) } ?? context()
        let encodeSeconds = prompt == nil ? 0 : (clock.now - start).inSeconds
        let promptPatches = (latents?.rows ?? 0) / model.configuration.patchSize
        let positions = textTokens + 1 + promptPatches + patches
        let engine = try PatchEngine(
            model, EngineCapacity(sequences: batch, positions: min(positions, model.configuration.maxLength)))
        // A device is only asked to work: its stages end when it has.
        if let gpu { engine.onStageEnd = { gpu.finish() } }
        for index in 0..<batch {
            var request = request(patches: patches, prompt: latents)
            request.seed = UInt64(index)
            _ = try engine.admit(request)
        }
        var firstAudio: Double?
        var samples = 0
        var count = 0
        let launchesBefore = gpu?.launches ?? .none
        while engine.sequenceCount > 0 {
            let spoken = try engine.step().reduce(0) { $0 + $1.patch.samples.count }
            samples += spoken
            count += 1
            if firstAudio == nil, spoken > 0 { firstAudio = (clock.now - start).inSeconds }
        }
        let wall = (clock.now - start).inSeconds
        try model.backend.check()
        let peak = Self.peakMemoryBytes()
        let launches = (gpu?.launches ?? .none) - launchesBefore
        var timings = engine.timings
        timings[.vaeEncode] = encodeSeconds
        let audio = Double(samples) / Double(model.sampleRateHz)
        let estimate = WorkEstimate(
            configuration: model.configuration, precision: model.precision, textPositions: textTokens + 1,
            promptPatches: promptPatches, patches: count, sequences: batch, steps: steps)
        let backend = model.backend as? CPUBackend
        let machine = backend.map(MachineProbe.init)
        let perPatch = (wall - encodeSeconds - timings[.prefill]) / Double(max(count * batch, 1))
        let device = gpu.map { gpu in
            BenchReport.Device(
                gpu, launches, steps: count, seconds: perPatch * Double(batch), gigabytesPerSecond: bandwidth ?? 0,
                plan: plan)
        }
        return BenchReport(
            model: name, rtf: audio > 0 ? wall / audio : 0, audioSeconds: audio, wallSeconds: wall,
            loadSeconds: loadSeconds, timeToFirstAudioSeconds: firstAudio ?? wall,
            millisecondsPerPatch: 1000 * perPatch,
            peakRSSBytes: peak, threads: model.threads,
            precision: gpu?.halves == true ? "f16" : model.precision.rawValue,
            instructionSet: backend?.instructionSet ?? "\(model.backend)", patches: count, batch: batch, steps: steps,
            cfg: cfg,
            promptSeconds: promptSeconds, contextSeconds: contextSeconds, textTokens: textTokens,
            machine: .init(
                gigaflops: machine?.gigaflops ?? 0, int8GigaopsPerSecond: machine?.int8GigaopsPerSecond ?? 0,
                gigabytesPerSecond: machine?.gigabytesPerSecond ?? 0),
            stages: Self.stages(timings, estimate, machine, gigabytesPerSecond: bandwidth), device: device)
    }

    /// How fast the device's memory is, within what may be taken of it beside the model.
    private static func bandwidth(_ gpu: GPUBackend) throws -> Double {
        try DeviceMeasurement.bandwidth(
            of: gpu.device, mostBytes: gpu.limitBytes.map { max(0, $0 - gpu.memoryBytes) } ?? .max)
    }

    private static func stages(
        _ timings: StageTimings, _ estimate: WorkEstimate, _ machine: MachineProbe?, gigabytesPerSecond: Double?
    ) -> [String: BenchReport.Stage] {
        var stages: [String: BenchReport.Stage] = [:]
        for stage in StageTimings.Stage.allCases {
            let work = estimate.work(stage)
            let seconds = timings[stage]
            // Of a device only its memory is measured.
            let floor =
                machine.map { work.floor(on: $0) }
                ?? gigabytesPerSecond.map { (work.bytes / $0 * 1e-9, Work.Bound.memory) }
            stages[stage.rawValue] = BenchReport.Stage(
                seconds: seconds, gigaops: work.operations * 1e-9, gigabytes: work.bytes * 1e-9, bound: floor?.1,
                peakShare: seconds > 0 ? (floor?.0 ?? 0) / seconds : 0)
        }
        return stages
    }

    private func request(patches: Int, prompt: Matrix?) -> GenerationRequest {
        let vocabulary = max(model.configuration.languageModel.vocabularySize, 1)
        let tokens = (0..<textTokens).map { ($0 * 37 + 11) % vocabulary }
        var request = GenerationRequest(tokens: tokens, prompt: prompt)
        request.minPatches = patches
        request.maxPatches = patches
        request.patchesPerToken = Double(patches)
        request.steps = steps
        request.cfg = Float(cfg)
        return request
    }

    /// Latents of speech that was never spoken: what they say costs the same.
    private func context() -> Matrix? {
        let patches = Int(contextSeconds / model.secondsPerPatch)
        guard patches > 0 else { return nil }
        let width = model.configuration.latentSize
        let rows = patches * model.configuration.patchSize
        return Matrix(rows: rows, columns: width, values: (0..<rows * width).map { Float($0 * 37 % 101) / 50 - 1 })
    }

    /// Something that sounds: two tones.
    private func recording() -> [Float] {
        let rate = Double(model.sampleRateHz)
        return (0..<Int(promptSeconds * rate)).map { index in
            let time = Double(index) / rate
            return Float(0.2 * sin(2 * .pi * 220 * time) + 0.1 * sin(2 * .pi * 1330 * time))
        }
    }

    /// The most memory that this process ever had, from the system's own count.
    private static func peakMemoryBytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
            if let kibibytes = Int(line.filter(\.isNumber)) { return kibibytes * 1024 }
        }
        return 0
    }
}
