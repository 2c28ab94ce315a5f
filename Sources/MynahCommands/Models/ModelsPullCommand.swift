import ArgumentParser
import Foundation
import ModelHub

/// `mynah models pull`: downloads a model.
struct ModelsPullCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Download a model from Hugging Face, ModelScope or a mirror.",
        discussion: """
            Only the files that Mynah needs are fetched, and every digest is checked. Ctrl-C keeps what is there: the \
            same command goes on. A model that is there already is not asked for again. HF_ENDPOINT names another \
            address of Hugging Face, HF_TOKEN who asks there, HTTPS_PROXY a proxy.

            EXAMPLES
              mynah models pull openbmb/VoxCPM1.5
              mynah models pull openbmb/VoxCPM1.5 --from modelscope
              mynah models pull openbmb/VoxCPM-0.5B --from https://hf-mirror.com
            """)

    @Argument(help: ArgumentHelp("The model's name on the hub.", valueName: "owner/name"))
    var repository: String

    @Option(
        help: ArgumentHelp(
            "Where from (default: huggingface).", valueName: "huggingface|modelscope|url"))
    var from = "huggingface"

    @Option(help: ArgumentHelp("A branch, tag or commit (default: the main branch).", valueName: "name"))
    var revision: String?

    @Option(help: DownloadFolder.help)
    var to: String?

    @Flag(help: "Fetch everything anew, and replace what is there.")
    var force = false

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let repository = try HubRepository(repository, revision: revision)
        let source = try HubSource(named: from, environment: environment)
        let models = DownloadedModels(DownloadFolder.url(to))
        let line = DownloadLine()
        defer { line.clear() }
        let (force, settings) = (force, HubSettings())
        let (folder, isNew) = try InterruptibleTask.run {
            try await models.pull(
                repository, from: source, force: force, environment: environment, settings: settings
            ) { line.update($0) }
        }
        line.clear()
        Console.note(isNew ? "\(repository) is in \(folder.path)." : "\(repository) is there already: \(folder.path).")
        Console.write(folder.path)
    }
}
