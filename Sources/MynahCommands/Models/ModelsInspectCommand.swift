import ArgumentParser
import Checkpoint
import Foundation
import SpeechEngine

/// `mynah models inspect`: what a model consists of.
struct ModelsInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show a model's parts, parameters, number formats and sizes.")

    @OptionGroup var model: ModelArgument

    @Flag(help: "Write one JSON object.")
    var json = false

    func run() throws {
        let checkpoint = try CheckpointFolder(try ModelShelf.standard.folder(of: model.model))
        let report = CheckpointReport(checkpoint)
        if json {
            return Console.write(try report.readableJSON())
        }
        let configuration = checkpoint.configuration
        Console.write(
            """
            \(report.folder)
            \(configuration.audioVAE.sampleRateHz) Hz, patches of \(configuration.patchSize) latents \
            (\(configuration.samplesPerPatch) samples) with \(configuration.latentSize) features, \
            context of \(configuration.maxLength) positions, \(configuration.languageModel.vocabularySize) tokens

            """)
        var table = TextTable(["part", "file", "tensors", "parameters", "format", "size"], rightAligned: [2, 3, 5])
        for part in report.parts + [report.total] {
            let formats = part.parametersByType.sorted { $0.value > $1.value }.map(\.key).joined(separator: ", ")
            table.add([
                part.name, part.file, "\(part.tensorCount)", Figures.grouped(part.parameterCount), formats,
                Figures.bytes(part.byteCount),
            ])
        }
        Console.write(table.text)
        let generation = try GenerationFile.load(from: checkpoint.folder)
        if !generation.voices.isEmpty {
            Console.write("\nvoices: \(generation.voices.map(\.name).joined(separator: ", "))")
        }
    }
}
