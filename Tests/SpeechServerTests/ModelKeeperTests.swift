import Foundation
import SpeechEngine
import Synchronization
import TestSupport
import Testing
import VoxCPM

@testable import SpeechServer

/// Models that come and go under an engine.
struct ModelKeeperTests {
    /// A shelf with two tiny models, and one that cannot be loaded.
    private final class Shelf: Sendable {
        let loads = Mutex<[String]>([])

        func load(_ name: String) throws -> SpeechModel {
            loads.withLock { $0.append(name) }
            let folder = Fixtures.folder.appendingPathComponent("\(name)/checkpoint")
            let model = try SpeechModel(folder: folder) { try VoxCPMModel($0, threads: 1) }
            return SpeechModel(
                name: name, model: model.model, feed: model.feed, generation: model.generation, digest: model.digest)
        }
    }

    private static func keeper(
        _ shelf: Shelf, _ chosen: String = "v15", onEvent: @escaping @Sendable (String) -> Void = { _ in }
    ) -> ModelKeeper {
        ModelKeeper(
            SpeechEngine(),
            shelf: ModelKeeper.Shelf {
                ["v15", "v05b", "broken"]
            } make: { name, _ in
                try shelf.load(name)
            },
            chosen: chosen, onEvent: onEvent)
    }

    /// A keeper whose first model is there.
    private static func loaded(_ shelf: Shelf = Shelf()) async throws -> ModelKeeper {
        let keeper = keeper(shelf)
        try await keeper.loadFirst()
        return keeper
    }

    private static func request(_ text: String = "Hello.", seconds: Double = 0.5) -> SpeechRequest {
        var request = SpeechRequest(text)
        request.seed = 1
        request.steps = 2
        request.attempts = 1
        request.maxSeconds = seconds
        return request
    }

    /// Why a request is refused; nil where it is taken.
    private static func refusal(_ keeper: ModelKeeper) async -> AdmissionError? {
        do throws(AdmissionError) {
            _ = try await keeper.submit(request())
            return nil
        } catch {
            return error
        }
    }

    private static func endless() -> SpeechRequest {
        var request = request(String(repeating: "On and on. ", count: 400))
        request.cutting = .sentences
        request.maxSeconds = nil
        return request
    }

    private static func settled(_ keeper: ModelKeeper) async -> Bool {
        await TestServer.eventually { !keeper.isChanging }
    }

    @Test func anIdleModelComesBackWithTheNextRequest() async throws {
        let shelf = Shelf()
        let keeper = try await Self.loaded(shelf)
        let model = try #require(keeper.loaded)
        keeper.beginIdling()
        #expect(keeper.isIdle && keeper.isChanging)
        #expect(await Self.settled(keeper))
        #expect(keeper.snapshot().state == .unloaded && keeper.takesRequests)
        #expect(keeper.loaded?.name == model.name, "clients are told of it while it sleeps")
        keeper.beginIdling()
        let ends = await withTaskGroup(of: SpeechEnd?.self) { group in
            for _ in 0..<3 {
                group.addTask { await (try? keeper.submit(Self.request()))?.collect().outcome?.end }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(ends.allSatisfy { $0 == .complete || $0 == .lengthLimit }, "\(ends)")
        #expect(shelf.loads.withLock { $0 } == ["v15", "v15"], "all who came waited for one loading")
        #expect(!keeper.isIdle)
        await keeper.stop(draining: .zero)
    }

    @Test func aVoiceWakesTheModelToo() async throws {
        let shelf = Shelf()
        let keeper = try await Self.loaded(shelf)
        keeper.beginIdling()
        let prompt = try await keeper.voice(
            recording: (0..<44_100).map { Float($0 % 100) / 200 - 0.25 }, transcript: "Words.")
        keeper.beginIdling()
        let again = try await keeper.voice(latentValues: prompt.latentValues, transcript: "Words.")
        #expect(again.latentValues == prompt.latentValues)
        #expect(shelf.loads.withLock { $0.count } == 3)
        await keeper.stop(draining: .zero)
    }

    @Test func switchingWaitsForWhatIsUnderWay() async throws {
        let shelf = Shelf()
        let keeper = try await Self.loaded(shelf)
        let ticket = try await keeper.submit(Self.endless())
        for await event in ticket.events { if case .audio = event { break } }
        keeper.beginLoading("v05b")
        #expect(keeper.chosen == "v05b" && keeper.isChanging && !keeper.isIdle)
        #expect(await TestServer.eventually { keeper.snapshot().state == .draining })
        #expect(await Self.refusal(keeper)?.label == "draining", "a model that goes takes nothing")
        ticket.cancel()
        #expect(await Self.settled(keeper))
        #expect(keeper.loaded?.name == "v05b" && keeper.snapshot().state == .ready)
        let spoken = await (try keeper.submit(Self.request())).collect()
        #expect(spoken.outcome.map { $0.end == .complete || $0.end == .lengthLimit } == true)
        // Of several wishes the last one counts.
        for name in ["v15", "v05b", "v15"] { keeper.beginLoading(name) }
        #expect(await Self.settled(keeper))
        #expect(keeper.loaded?.name == "v15" && keeper.chosen == "v15")
        await keeper.stop(draining: .zero)
    }

    @Test func aModelThatCannotBeLoadedIsToldAndReplaced() async throws {
        let told = Mutex<[String]>([])
        let keeper = Self.keeper(Shelf()) { line in told.withLock { $0.append(line) } }
        try await keeper.loadFirst()
        keeper.beginLoading("broken")
        #expect(await Self.settled(keeper))
        #expect(keeper.snapshot().state == .unloaded && !keeper.takesRequests && keeper.loaded == nil)
        #expect(told.withLock { $0 }.contains { $0.hasPrefix("model not loaded: ") })
        #expect(await Self.refusal(keeper) == .unloaded)
        keeper.beginLoading("v15")
        #expect(await Self.settled(keeper))
        #expect(keeper.takesRequests)
        await keeper.stop(draining: .zero)
        let broken = Self.keeper(Shelf(), "broken")
        await #expect(throws: (any Error).self) { try await broken.loadFirst() }
    }

    @Test func nobodyNeedsItAndItGoes() async throws {
        let keeper = try await Self.loaded()
        let watch = Task { await keeper.watchIdleness() }
        defer { watch.cancel() }
        let ticket = try await keeper.submit(Self.endless())
        keeper.setIdleTime(.milliseconds(1))
        for await event in ticket.events { if case .audio = event { break } }
        try await Task.sleep(for: .milliseconds(1300))
        #expect(!keeper.isIdle, "somebody needs it")
        ticket.cancel()
        #expect(await TestServer.eventually { keeper.isIdle && keeper.snapshot().state == .unloaded })
        await keeper.stop(draining: .zero)
    }

    @Test func nothingComesAfterTheStop() async throws {
        let shelf = Shelf()
        let keeper = try await Self.loaded(shelf)
        keeper.beginIdling()
        #expect(await Self.settled(keeper))
        await keeper.stop(draining: .zero)
        keeper.beginLoading("v05b")
        #expect(!keeper.isChanging)
        #expect(await Self.refusal(keeper) == .stopped)
        #expect(shelf.loads.withLock { $0 } == ["v15"] && keeper.snapshot().state == .stopped)
    }
}
