import ArgumentParser
import SpeechEngine
import VoxCPM

/// How much the server takes on.
struct LoadOptions: ParsableArguments {
    @Option(help: "Requests spoken at once, 1 to 64.")
    var maxBatch = 8

    @Option(help: "Requests that may wait for their turn.")
    var queue = 64

    @Option(
        help: "Requests that one key, or one address where there are no keys, may have under way (default: no limit).")
    var perClient: Int?

    func validate() throws {
        guard (1...64).contains(maxBatch) else {
            throw ValidationError("--max-batch is \(maxBatch), but must be 1 to 64.")
        }
        guard (0...100_000).contains(queue) else {
            throw ValidationError("--queue is \(queue), but must be 0 to 100000.")
        }
        if let perClient, perClient < 1 {
            throw ValidationError("--per-client is \(perClient), but must be 1 or more.")
        }
    }

    /// What a device's memory is planned for.
    var wish: EngineWish {
        EngineWish(
            most: EngineCapacity(sequences: maxBatch, positions: EngineConfiguration.usualPositions),
            least: EngineCapacity(positions: DevicePlanner.shortest), recordings: true)
    }

    /// The engine's configuration.
    func configuration() -> EngineConfiguration {
        var configuration = EngineConfiguration()
        configuration.maxBatch = maxBatch
        configuration.queueCapacity = queue
        configuration.ownerLimit = perClient
        return configuration
    }
}
