import ArgumentParser
import Dispatch
import Foundation
import Logging
import SpeechEngine
import SpeechServer
import SpeechStore
import Synchronization

/// `mynah serve`: an engine behind HTTP.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve speech over HTTP, as OpenAI's clients expect it.",
        discussion: """
            Only programs of this machine reach the server unless --host names another address; that needs a key, which \
            is made and shown once where none is given. Ctrl-C or SIGTERM lets running requests finish; a second one \
            ends at once.

            EXAMPLES
              mynah serve
              mynah serve --model /path/to/VoxCPM1.5 --port 8000
              MYNAH_API_KEY=secret mynah serve --host 0.0.0.0
              curl http://127.0.0.1:6006/v1/audio/speech -H 'Content-Type: application/json' \\
                -d '{"model":"tts-1","voice":"alloy","input":"Good morning."}' -o hello.mp3
            """)

    @OptionGroup(title: "Address and access") var access: AccessOptions
    @OptionGroup(title: "Encryption") var tls: TLSOptions
    @OptionGroup(title: "Load") var load: LoadOptions
    @OptionGroup(title: "Model") var model: ModelOption
    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "Data") var keep: KeepOptions

    func run() throws {
        let folder = try model.folder()
        Interrupts.shared.listen(writingIn: nil)
        let command = self
        try Self.wait { try await command.serve(folder) }
    }

    /// Serves with the model of a folder until somebody wants it to end.
    private func serve(_ folder: URL) async throws {
        let store = try await LocalStore.open(data.folder, settings: keep.settings)
        var (configuration, newKey) = try await access.configuration(store)
        if let newKey { Console.note("The key of this server, shown this once: \(newKey)") }
        configuration.overruled = keep.overruled
        configuration.tls = try tls.identity(for: configuration, keptIn: DataHome.folder("tls"))
        let metrics = ServerMetrics()
        let recent = RecentLog()
        let logger = Logger(label: "mynah") { label in
            MultiplexLogHandler([StreamLogHandler.standardError(label: label), recent.handler])
        }
        let keeper = ModelKeeper(
            SpeechEngine(load.configuration(), observer: metrics), shelf: Self.shelf(folder, engine, load.wish),
            chosen: folder.lastPathComponent
        ) { logger.notice("\($0)") }
        keeper.setIdleTime(keep.idleUnload.map { .seconds($0 * 60) })
        let server = try SpeechServer(
            configuration, source: keeper, store: store, models: keeper, metrics: metrics, log: recent, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { [configuration] group in
            group.addTask {
                try await server.run {
                    Self.announce(configuration, port: $0)
                } until: {
                    while !Interrupts.shared.isRequested, !Task.isCancelled {
                        try? await Task.sleep(for: .milliseconds(50))
                    }
                    SystemNotice.send(SystemNotice.stopping)
                }
            }
            group.addTask {
                // Without a model there is nothing to serve: a failure of either ends both.
                try await keeper.loadFirst()
                Console.note("The model \(folder.lastPathComponent) is ready.")
                SystemNotice.send(SystemNotice.ready)
                await keeper.watchIdleness()
            }
            // The watch goes on until the server has ended.
            try await group.next()
            group.cancelAll()
        }
    }

    /// The models of this machine, and the one that was named by its folder.
    private static func shelf(
        _ folder: URL, _ options: EngineOptions, _ wish: EngineWish
    ) -> ModelKeeper.Shelf {
        @Sendable func all() -> [(name: String, folder: URL)] {
            let others = ModelShelf.standard.models().filter { $0.name != folder.lastPathComponent }
            return [(folder.lastPathComponent, folder)] + others
        }
        return ModelKeeper.Shelf {
            all().map(\.name)
        } make: { name, place, progress in
            let folder = all().first { $0.name == name }?.folder ?? folder
            return try SpeechModel(folder: folder) { checkpoint in
                let loaded = try options.load(checkpoint, on: place, wish: wish) {
                    progress(Double($0) / Double(max($1, 1)))
                }
                return (loaded.model, loaded.capacity)
            }
        }
    }

    private static func announce(_ configuration: ServerConfiguration, port: Int) {
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        Console.note("Mynah listens on \(configuration.tls == nil ? "http" : "https")://\(host):\(port)")
        if let tls = configuration.tls { Console.note("SHA-256 of its certificate: \(tls.fingerprint)") }
    }

    /// Waits on this thread for work on others.
    private static func wait(for work: @escaping @Sendable () async throws -> Void) throws {
        let end = Ending()
        Task.detached {
            do {
                try await work()
            } catch {
                end.error.withLock { $0 = error }
            }
            end.isReached.signal()
        }
        end.isReached.wait()
        if let error = end.error.withLock({ $0 }) { throw error }
    }

    private final class Ending: Sendable {
        let isReached = DispatchSemaphore(value: 0)
        let error = Mutex<(any Error)?>(nil)
    }
}
