import Synchronization
import Testing

@testable import SpeechEngine

/// What the engine says of its time.
struct WorkTimeTests {
    /// Notes when requests got their first place, and what was said of their wait.
    private final class Places: EngineObserver {
        let seen = Mutex<(at: ContinuousClock.Instant, wait: Duration)?>(nil)

        func started(queueWait: Duration) { seen.withLock { $0 = (.now, queueWait) } }
    }

    /// Reading text and voice is work, and no waiting: it belongs to the RTF, whoever is compared with it.
    @Test func readingIsWorkAndNoWait() async throws {
        let places = Places()
        let engine = try await TinyEngine.ready(observer: places)
        let rate = try #require(engine.model?.sampleRateHz)
        var request = TinyEngine.request()
        request.voice = .prompt(
            try await engine.voice(
                recording: (0..<20 * rate).map { Float($0 % 100) / 200 - 0.25 }, transcript: "A long recording."))
        request.maxSeconds = 0.1
        let start = ContinuousClock.now
        let outcome = try #require(await (try engine.submit(request)).collect().outcome)
        let place = try #require(places.seen.withLock { $0 })
        #expect(outcome.queueWait == place.wait)
        // The place is told when all was read.
        let reading = (place.at - start) - outcome.queueWait
        #expect(reading > .milliseconds(2), "\(reading)")
        #expect(outcome.total - outcome.queueWait > reading / 2)
        #expect((outcome.timeToFirstAudio ?? .zero) > outcome.queueWait + reading / 2)
    }

    /// Speed is what comes out over all that it takes, so that times to wait are true.
    @Test func speedCountsReading() {
        let ledger = EngineLedger(NoObserver())
        ledger.stepped(batchSize: 1, samples: 2, took: .seconds(1))
        #expect(ledger.snapshot.throughput == 2)
        ledger.joined(took: .seconds(1))
        for _ in 0..<200 {
            ledger.stepped(batchSize: 1, samples: 2, took: .seconds(1))
            ledger.joined(took: .seconds(1))
        }
        let speed = ledger.snapshot.throughput ?? 0
        #expect(abs(speed - 1) < 0.05, "\(speed)")
    }
}
