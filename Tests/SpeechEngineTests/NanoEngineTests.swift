import Foundation
import SpeechEngine
import Testing
import VoxCPM

/// The voice that comes with the project, through the engine.
struct NanoEngineTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("models/nano")

    @Test func twoPeopleHearWhatEachWouldHearAlone() async throws {
        let engine = SpeechEngine()
        try await engine.load { _ in
            try SpeechModel(folder: Self.folder) { try VoxCPMModel($0, threads: 2) }
        }
        var request = SpeechRequest("Good morning. Shall we begin?")
        request.seed = 1
        request.heldBackSeconds = .infinity
        var other = SpeechRequest("It is half past two.")
        other.seed = 2
        let (first, second) = (try await engine.submit(request), try await engine.submit(other))
        let together = (await first.collect(), await second.collect())
        #expect(together.0.outcome?.end == .complete && together.1.outcome?.end == .complete)
        request.heldBackSeconds = 0
        request.seed = together.0.outcome?.seed
        #expect(await (try await engine.submit(request)).collect().samples == together.0.samples)
        #expect(await (try await engine.submit(other)).collect().samples == together.1.samples)
        #expect(first.sampleRateHz == 24_000)
        let outcome = try #require(together.1.outcome)
        #expect(outcome.timeToFirstAudio.map { $0 < outcome.total } == true)
        #expect((0.5...6).contains(outcome.seconds))
        #expect(together.0.marks.map(\.text) == ["Good morning. Shall we begin?"])
    }
}
