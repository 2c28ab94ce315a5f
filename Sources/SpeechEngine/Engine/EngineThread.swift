import Checkpoint
import Foundation
import VoxCPM

/// The one thread that loads a model and speaks with it, and loads it again where its device fails.
///
/// `@unchecked Sendable`: made by one thread and then used by its own alone.
final class EngineThread: @unchecked Sendable {
    typealias Make =
        @Sendable (_ place: ModelPlace, _ progress: @escaping @Sendable (Double) -> Void) throws -> SpeechModel

    private let configuration: EngineConfiguration
    private let ledger: EngineLedger
    private let loaded = LoadedParts()
    private let make: Make
    private let onFault: @Sendable (DeviceFault) -> Void
    private var policy: RecoveryPolicy

    private init(
        _ configuration: EngineConfiguration, _ ledger: EngineLedger, _ make: @escaping Make,
        _ onFault: @escaping @Sendable (DeviceFault) -> Void
    ) {
        self.configuration = configuration
        self.ledger = ledger
        self.make = make
        self.onFault = onFault
        policy = RecoveryPolicy(window: configuration.recoveryWindow)
    }

    /// Starts the thread. It loads, answers, and then speaks until its mailbox is closed.
    ///
    /// - Parameter onFault: Hears of every failure of the device, on the thread.
    static func start(
        _ configuration: EngineConfiguration, _ ledger: EngineLedger, _ make: @escaping Make,
        onFault: @escaping @Sendable (DeviceFault) -> Void,
        _ answer: @escaping @Sendable (Result<LoadedParts, any Error>) -> Void
    ) {
        let engine = EngineThread(configuration, ledger, make, onFault)
        let thread = Thread { engine.run(answer) }
        thread.name = "mynah-engine"
        thread.stackSize = 8 << 20
        thread.start()
    }

    private func run(_ answer: (Result<LoadedParts, any Error>) -> Void) {
        let mailbox = loaded.mailbox
        // What the loop holds is gone before the engine is said to be.
        defer {
            loaded.end()
            mailbox.end()
        }
        var place = ModelPlace.device
        var rest = EngineLoop.Rest()
        do {
            let core = try layOut(place)
            loaded.set(core.parts)
            loaded.tellWaiting()
            answer(.success(loaded))
            rest = speak(core, rest)
        } catch {
            return answer(.failure(error))
        }
        while let failure = rest.failure {
            // Nothing of the old model is left here: its device can be opened anew.
            guard let next = remake(after: failure, &place, &rest) else { return }
            rest = speak(next, rest)
        }
    }

    /// Runs the patch loop until it is told to end, or its device fails.
    private func speak(_ core: Core, _ rest: EngineLoop.Rest) -> EngineLoop.Rest {
        let loop = EngineLoop(core.parts.model, core.engine, configuration, loaded.mailbox, ledger, rest)
        return loop.run { [loaded, self] reason, isDraining in
            let fault = DeviceFault(
                device: core.parts.model.device, reason: reason,
                next: isDraining ? .nothing : next(after: core.place, at: .now))
            loaded.set(nil)
            ledger.failed(fault)
            onFault(fault)
            return fault
        }
    }

    /// What follows a failure.
    private func next(after place: ModelPlace, at now: ContinuousClock.Instant) -> DeviceFault.Next {
        switch policy.place(afterFailureOn: place, at: now) {
        case .processor?: .processor
        case .some: .device
        case nil: .nothing
        }
    }

    /// Makes the model again: on its device, on the processor where that is the turn or where the device does not come
    /// back. Where nothing helps, whoever waits is told, and the thread has nothing more to do.
    private func remake(
        after failure: DeviceFault, _ place: inout ModelPlace, _ rest: inout EngineLoop.Rest
    ) -> Core? {
        let places: [ModelPlace] =
            switch failure.next {
            case .device: [.deviceAgain, .processor]
            case .processor: [.processor]
            case .nothing: []
            }
        var reason = failure.reason
        for next in places where ledger.isRecovering {
            do {
                let core = try layOut(next)
                place = next
                let fault = DeviceFault(device: failure.device, reason: reason, next: .processor)
                loaded.set(core.parts)
                // Whoever has begun to end the engine meanwhile is served by the loop.
                _ = ledger.ready(
                    core.memory, sampleRateHz: core.parts.model.sampleRateHz, fault: next == .processor ? fault : nil)
                loaded.tellWaiting()
                return core
            } catch {
                reason = "\(error)"
                let fault = DeviceFault(
                    device: failure.device, reason: reason, next: next == .deviceAgain ? .processor : .nothing)
                ledger.failed(fault)
                onFault(fault)
            }
        }
        loaded.mailbox.drain(until: .now)
        let fault = DeviceFault(device: failure.device, reason: reason, next: .nothing)
        EngineLoop.end(rest, loaded.mailbox, fault, ledger)
        ledger.lost()
        return nil
    }

    /// A model, and an engine core laid out for it.
    private struct Core {
        let place: ModelPlace
        let parts: LoadedParts.Parts
        let engine: PatchEngine
        let memory: MemoryPlan
    }

    /// Makes a model, and lays out an engine core that keeps to the limits, as planned.
    private func layOut(_ place: ModelPlace) throws -> Core {
        let ledger = ledger
        let model = try make(place) { ledger.loading($0) }
        let most = model.model.configuration.maxLength
        var capacity = EngineCapacity(
            sequences: configuration.maxBatch,
            positions: min(configuration.positions ?? EngineConfiguration.usualPositions, most))
        if let fitting = model.capacity {
            capacity.sequences = min(capacity.sequences, fitting.sequences)
            capacity.positions = min(capacity.positions, fitting.positions)
        }
        let plan = try MemoryPlan(model.model, capacity)
        if let limit = configuration.memoryLimitBytes, plan.totalBytes > limit {
            throw EngineLoadError.memory(
                neededBytes: plan.totalBytes, limitBytes: limit, sequences: capacity.sequences)
        }
        return Core(
            place: place, parts: LoadedParts.Parts(model: model, preparation: RequestPreparation(model, memory: plan)),
            engine: try PatchEngine(model.model, capacity), memory: plan)
    }
}
