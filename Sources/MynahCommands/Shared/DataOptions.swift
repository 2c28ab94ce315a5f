import ArgumentParser
import Foundation

/// Where voices, history, jobs and keys are kept.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of voices, history, jobs and keys (default: ~/.local/share/mynah/store).", valueName: "dir"))
    var data: String?

    /// The folder; the user's own where none was given.
    var folder: URL { data.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? DataHome.folder("store") }
}
