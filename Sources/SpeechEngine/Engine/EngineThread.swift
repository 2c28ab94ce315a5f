import Checkpoint
import Foundation
import VoxCPM

/// The one thread that loads a model and speaks with it.
enum EngineThread {
    /// Starts the thread. It loads, answers, and then speaks until its mailbox is closed.
    static func start(
        _ configuration: EngineConfiguration, _ ledger: EngineLedger,
        _ make: @escaping @Sendable (_ progress: @escaping @Sendable (Double) -> Void) throws -> SpeechModel,
        _ answer: @escaping @Sendable (Result<SpeechEngine.Loaded, any Error>) -> Void
    ) {
        let thread = Thread {
            let mailbox = LoopMailbox()
            // What the loop holds is gone before the engine is said to be.
            defer { mailbox.end() }
            do {
                let model = try make { ledger.loading($0) }
                let (engine, memory) = try layOut(model, configuration)
                let loop = EngineLoop(model, engine, configuration, mailbox, ledger)
                answer(
                    .success(
                        SpeechEngine.Loaded(
                            model: model, preparation: RequestPreparation(model, memory: memory), mailbox: mailbox)))
                loop.run()
            } catch {
                answer(.failure(error))
            }
        }
        thread.name = "mynah-engine"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Lays out an engine core that keeps to the limits, as planned.
    private static func layOut(
        _ model: SpeechModel, _ configuration: EngineConfiguration
    ) throws -> (PatchEngine, MemoryPlan) {
        let most = model.model.configuration.maxLength
        let capacity = EngineCapacity(
            sequences: configuration.maxBatch,
            positions: min(configuration.positions ?? EngineConfiguration.usualPositions, most))
        let plan = try MemoryPlan(model.model, capacity)
        if let limit = configuration.memoryLimitBytes, plan.totalBytes > limit {
            throw EngineLoadError.memory(
                neededBytes: plan.totalBytes, limitBytes: limit, sequences: capacity.sequences)
        }
        return (try PatchEngine(model.model, capacity), plan)
    }
}
