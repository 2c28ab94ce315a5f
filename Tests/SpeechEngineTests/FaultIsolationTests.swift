import Compute
import SpeechEngine
import Testing

/// What one sequence computes wrong is its own business.
struct FaultIsolationTests {
    @Test func numbersThatAreNoneEndTheirSpeechOnly() async throws {
        let quiet = try await TinyEngine.ready()
        let alone = await (try await quiet.submit(TinyEngine.request(seed: 5))).collect()
        #expect(!alone.samples.isEmpty)
        let recorder = Recorder(holdingFirstStep: true)
        let engine = try await TinyEngine.ready(observer: recorder)
        let rate = try #require(engine.model?.sampleRateHz)
        let good = try await engine.voice(
            recording: (0..<rate).map { Float($0 % 100) / 200 - 0.25 }, transcript: "A recording.")
        var bad = TinyEngine.request()
        // Numbers that are allowed, and whose sums are none.
        bad.voice = .prompt(
            try await engine.voice(
                latentValues: good.latentValues.map { $0 < 0 ? -3e38 : 3e38 }, transcript: "A recording."))
        let first = try await engine.submit(TinyEngine.request(seed: 5))
        let second = try await engine.submit(bad)
        recorder.release()
        let (whole, broken) = (await first.collect(), await second.collect())
        guard case .failed(let reason)? = broken.outcome?.end else {
            Issue.record("it ended as \(String(describing: broken.outcome?.end))")
            return
        }
        #expect(reason.contains("not_finite"))
        #expect(whole.samples == alone.samples && whole.outcome?.isSpoken == true)
        #expect(recorder.batches.contains(2), "they were spoken together")
        #expect(engine.snapshot().counters.failed == 1)
        // Nothing of it stays in its place, whoever gets it.
        #expect(await (try await engine.submit(TinyEngine.request(seed: 5))).collect().samples == alone.samples)
    }
}
