import ArgumentParser
import Foundation
import ModelHub

/// `mynah models remove`: removes a downloaded model.
struct ModelsRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a downloaded model, or what is there of an unfinished download.")

    @Argument(help: ArgumentHelp("The model's name, without its owner.", valueName: "name"))
    var name: String

    @Option(help: DownloadFolder.help)
    var to: String?

    func run() throws {
        let bytes = try DownloadedModels(DownloadFolder.url(to)).remove(name)
        Console.note("\(name) is removed: \(Figures.bytes(bytes)) freed.")
    }
}

/// The folder that holds downloaded models.
enum DownloadFolder {
    static let help = ArgumentHelp(
        "The folder that holds downloaded models (default: ~/.local/share/mynah/models).", valueName: "dir")

    static func url(_ path: String?) -> URL {
        path.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? ModelShelf.own
    }
}
