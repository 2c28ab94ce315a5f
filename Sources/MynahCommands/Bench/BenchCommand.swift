import ArgumentParser
import Checkpoint
import Compute
import Foundation
import VoxCPM

/// `mynah bench`: how fast a model speaks on this machine.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how fast a model speaks, stage by stage.",
        discussion: """
            Generates exactly as many patches as asked for, after a warm-up of one. RTF is computing time over speaking \
            time: below 1 is faster than speech. 'of peak' is the time that the machine's measured arithmetic and \
            memory speed would need at least, over the time taken. MYNAH_CPU chooses the instruction set: scalar, avx2, \
            avx512 or neon.

            EXAMPLES
              mynah bench
              mynah bench --synthetic voxcpm1.5 --precision bf16 --threads 4
              mynah bench --model nano --prompt-seconds 5 --json > before.json
              mynah bench --model nano --prompt-seconds 5 --compare before.json
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("A model's folder or name (default: nano).", valueName: "dir|name"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Instead of a model: random weights in the shape of an official one, made in memory.",
            valueName: "voxcpm1.5|voxcpm-0.5b"))
    var synthetic: SyntheticFamily?

    /// An official model whose shapes are known.
    enum SyntheticFamily: String, ExpressibleByArgument, CaseIterable {
        case voxcpm15 = "voxcpm1.5"
        case voxcpm05b = "voxcpm-0.5b"

        var family: SyntheticCheckpoint.Family {
            switch self {
            case .voxcpm15: .voxcpm15
            case .voxcpm05b: .voxcpm05b
            }
        }
    }

    @Option(help: "Patches of speech to generate.")
    var patches = 25

    @Option(help: "Sequences that speak at once, each so many patches.")
    var batch = 1

    @Option(help: ArgumentHelp("A voice prompt of this length to encode and continue.", valueName: "seconds"))
    var promptSeconds = 0.0

    @Option(
        help: ArgumentHelp("Speech of this length that came before, of random latents.", valueName: "seconds"))
    var contextSeconds = 0.0

    @Option(help: "Tokens of the text.")
    var textTokens = 30

    @Option(help: "Steps to draw each patch.")
    var steps = 10

    @Option(help: "How hard the text is followed.")
    var cfg = 2.0

    @Flag(help: "Write one JSON object.")
    var json = false

    @Option(help: ArgumentHelp("Also the ratios to an earlier run, saved with --json.", valueName: "file"))
    var compare: String?

    @OptionGroup(title: "Engine") var engine: EngineOptions

    func validate() throws {
        if json, compare != nil {
            throw ValidationError("--compare writes a table and --json an object; give one of them.")
        }
        if model != nil, synthetic != nil {
            throw ValidationError("--model and --synthetic both say what to measure; give one of them.")
        }
        if !(1...100_000).contains(patches) {
            throw ValidationError("--patches is \(patches), but must be 1 to 100000.")
        }
        if !(1...EngineCapacity.mostSequences).contains(batch) {
            throw ValidationError("--batch is \(batch), but must be 1 to \(EngineCapacity.mostSequences).")
        }
        if !(0...600).contains(promptSeconds) {
            throw ValidationError("--prompt-seconds is \(promptSeconds), but must be 0 to 600.")
        }
        if !(0...600).contains(contextSeconds) {
            throw ValidationError("--context-seconds is \(contextSeconds), but must be 0 to 600.")
        }
        if promptSeconds > 0, contextSeconds > 0 {
            throw ValidationError("--prompt-seconds and --context-seconds both say what came before; give one of them.")
        }
        if !(1...4000).contains(textTokens) {
            throw ValidationError("--text-tokens is \(textTokens), but must be 1 to 4000.")
        }
        if !(1...1000).contains(steps) { throw ValidationError("--steps is \(steps), but must be 1 to 1000.") }
        if !(0...100).contains(cfg) { throw ValidationError("--cfg is \(cfg), but must be 0 to 100.") }
    }

    func run() throws {
        // Read first: a wrong file must not cost a whole run.
        let earlier = try compare.map { try BenchReport(file: $0) }
        let start = ContinuousClock.now
        let (loaded, name, plan) = try load()
        let loadSeconds = (ContinuousClock.now - start).inSeconds
        let report = try BenchRun(
            model: loaded, name: name, loadSeconds: loadSeconds, patches: patches, batch: batch,
            promptSeconds: promptSeconds, contextSeconds: contextSeconds, textTokens: textTokens, steps: steps,
            cfg: cfg, plan: plan
        ).measure()
        Console.write(json ? try report.json() : report.text)
        if let earlier { Console.write("\n" + BenchComparison(earlier: earlier, now: report).text) }
    }

    /// What has to fit onto a device.
    private func wish(_ configuration: ModelConfiguration) -> EngineWish {
        .exactly(
            EngineCapacity(
                sequences: batch,
                positions: BenchRun.positions(
                    configuration, textTokens: textTokens, seconds: max(promptSeconds, contextSeconds), patches: patches
                )),
            recordings: promptSeconds > 0)
    }

    private func load() throws -> (VoxCPMModel, name: String, plan: DeviceMemoryPlan?) {
        guard let synthetic else {
            let name = model ?? "nano"
            let checkpoint = try CheckpointFolder(try ModelShelf.standard.folder(of: name))
            let placed = try engine.load(checkpoint, wish: wish(checkpoint.configuration))
            return (placed.model, name, placed.plan)
        }
        let checkpoint = SyntheticCheckpoint(synthetic.family)
        let device = try engine.chosenDevice()
        let precision = try engine.chosenPrecision(onDevice: device != nil)
        let wish = wish(checkpoint.configuration)
        let plan = try device.map { device in
            try device.plan(
                DevicePlanner(
                    configuration: checkpoint.configuration, weights: checkpoint.model,
                    audioVAEWeights: checkpoint.audioVAE, precision: precision, recordings: wish.recordings,
                    sizes: device.sizes), wish, longest: checkpoint.configuration.maxLength)
        }
        let model = try VoxCPMModel(
            configuration: checkpoint.configuration, weights: checkpoint.model, audioVAEWeights: checkpoint.audioVAE,
            precision: precision, threads: engine.threadCount, instructionSet: engine.instructionSet,
            device: device?.backend())
        return (model, "synthetic \(synthetic.rawValue)", plan)
    }
}
