import ArgumentParser
import Foundation

/// Where voices, history, jobs and keys are kept.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of voices, history, jobs and keys (default: ~/.local/share/mynah/store).", valueName: "dir"))
    var data: String?

    /// The folder; XDG_DATA_HOME has a say where none was given.
    var folder: URL {
        if let data { return URL(fileURLWithPath: data, isDirectory: true) }
        return ModelShelf.own.deletingLastPathComponent().appendingPathComponent("store", isDirectory: true)
    }
}
