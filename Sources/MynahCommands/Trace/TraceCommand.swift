import ArgumentParser
import Checkpoint
import Compute
import Foundation
import VoxCPM

/// `mynah trace`: writes what happens inside, for people who port or debug.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Run a request and write the tensors that arise on the way.",
        discussion: """
            The request file says what to run: a whole generation, the tokenizer, or one stage of the model fed with \
            given tensors. docs/PORTING.md describes it. Output names are those of the fixtures' manifest.

            EXAMPLES
              mynah trace --model nano --request request.json --out trace.safetensors
              with request.json: {"text": "Hello world.", "seed": 42, "patches": 10}
              or: {"stage": "vae_decode", "inputs": "expected.safetensors"}
            """)

    @OptionGroup var model: ModelOption

    @Option(help: ArgumentHelp("The request, a JSON file.", valueName: "file"))
    var request: String

    @Option(
        name: [.customLong("out"), .short],
        help: ArgumentHelp("The tensors, a safetensors file.", valueName: "file"))
    var output: String

    @OptionGroup(title: "Engine") var engine: EngineOptions

    func run() throws {
        let requests = try TraceRequestReader.read(URL(fileURLWithPath: request))
        let checkpoint = try CheckpointFolder(try model.folder())
        let runner = try TraceRunner(checkpoint) {
            // A trace is for comparing with the reference: 32-bit floats unless asked otherwise.
            try engine.load(checkpoint, automatic: .f32, wish: .one(recordings: true)).model
        }
        var writer = SafetensorsWriter(metadata: ["producer": "mynah \(Program.version)"])
        for request in requests { try runner.run(request).add(to: &writer) }
        try writer.write(to: URL(fileURLWithPath: output))
    }
}
