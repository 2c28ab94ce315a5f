import ArgumentParser
import Checkpoint
import Foundation
import SpeechEngine

/// `mynah models list`: what is on the shelf.
struct ModelsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the models that can be used by name.")

    @Flag(help: "Write a JSON list.")
    var json = false

    private struct Entry: Encodable {
        var name: String
        var folder: String
        var parameters: Int?
        var bytes: Int?
        var sampleRateHz: Int?
        var voices: [String]?
        var fault: String?

        enum CodingKeys: String, CodingKey {
            case name, folder, parameters, bytes, voices, fault
            case sampleRateHz = "sample_rate_hz"
        }
    }

    func run() throws {
        let entries = ModelShelf.standard.models().map { Self.entry($0.name, $0.folder) }
        if json {
            return Console.write(try entries.readableJSON())
        }
        guard !entries.isEmpty else {
            let places = ModelShelf.standard.folders.map(\.path).joined(separator: ", ")
            return Console.note("There are no models in \(places).")
        }
        var table = TextTable(["name", "parameters", "size", "rate", "voices", "folder"], rightAligned: [1, 2, 3])
        for entry in entries {
            table.add([
                entry.name, entry.parameters.map(Figures.grouped) ?? "-", entry.bytes.map(Figures.bytes) ?? "-",
                entry.sampleRateHz.map { "\($0) Hz" } ?? "-", entry.voices.map { "\($0.count)" } ?? "-", entry.folder,
            ])
        }
        Console.write(table.text)
        for entry in entries { if let fault = entry.fault { Console.note("Note: \(entry.name): \(fault)") } }
    }

    private static func entry(_ name: String, _ folder: URL) -> Entry {
        var entry = Entry(name: name, folder: folder.path)
        do {
            let checkpoint = try CheckpointFolder(folder)
            let report = CheckpointReport(checkpoint)
            entry.parameters = report.total.parameterCount
            entry.bytes = report.total.byteCount
            entry.sampleRateHz = checkpoint.configuration.audioVAE.sampleRateHz
            entry.voices = try GenerationFile.load(from: folder).voices.map(\.name)
        } catch {
            entry.fault = Program.sentence(error)
        }
        return entry
    }
}
