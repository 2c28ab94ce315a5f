import Foundation
import SpeechEngine
import Testing
import VoxCPM

/// Requests beside each other.
struct BatchTests {
    /// Eight requests that differ in everything that may differ.
    private static func requests() -> [SpeechRequest] {
        (0..<8).map { index in
            var request = TinyEngine.request(
                ["Hello world.", "Good morning, everybody.", "One, two, three."][index % 3], seed: UInt64(40 + index),
                owner: "owner \(index % 3)")
            request.steps = 2 + index % 3
            request.cfg = 1 + Double(index) / 4
            request.temperature = index % 2 == 0 ? 1 : 0.7
            request.maxSeconds = 0.5 + Double(index) * 0.3
            return request
        }
    }

    @Test func eightTogetherAreEachAsAlone() async throws {
        let recorder = Recorder(holdingFirstStep: true)
        let together = try await TinyEngine.ready(observer: recorder) { $0.maxBatch = 8 }
        let alone = try await TinyEngine.ready { $0.maxBatch = 1 }
        var tickets: [SpeechTicket] = []
        for request in Self.requests() { tickets.append(try await together.submit(request)) }
        recorder.release()
        for (ticket, request) in zip(tickets, Self.requests()) {
            let speech = await ticket.collect()
            let expected = await (try await alone.submit(request)).collect()
            #expect(speech.samples == expected.samples && !speech.samples.isEmpty)
            #expect(speech.marks == expected.marks)
            #expect(speech.outcome?.seed == request.seed)
            #expect(speech.outcome?.seconds == Double(speech.samples.count) / 44_100)
        }
        #expect((recorder.batches.max() ?? 0) > 1)
        #expect(together.snapshot().isEmpty)
        let counters = together.snapshot().counters
        #expect(counters.accepted == 8 && counters.finished == 8 && counters.refused.isEmpty)
    }

    @Test func aRequestSaysWhatTheModelSays() async throws {
        let engine = try await TinyEngine.ready()
        var request = TinyEngine.request("Hello there.", seed: 9)
        request.maxSeconds = nil
        let speech = await (try await engine.submit(request)).collect()
        let model = try TinyEngine.model()
        var generation = GenerationRequest(tokens: model.feed.tokens(prompt: nil, text: "Hello there.").all)
        generation.seed = 9
        generation.steps = 2
        #expect(speech.samples == (try model.model.generate(generation)).samples)
        #expect(speech.outcome?.end == .complete)
        #expect(speech.outcome?.retries == [])
    }

    @Test func badAttemptsAreTriedAgainWhileNothingWasHeard() async throws {
        let engine = try await TinyEngine.ready()
        var retries = 0
        for seed in stride(from: UInt64(10), to: 50, by: 10) {
            var request = TinyEngine.request(
                "This takes many seconds to say, as everybody can hear, and whoever says it in one or two has left something out, "
                    + "or has not said anything at all", seed: seed)
            request.maxSeconds = nil
            request.attempts = 3
            request.heldBackSeconds = .infinity
            let speech = await (try await engine.submit(request)).collect()
            let outcome = try #require(speech.outcome)
            #expect(outcome.seed == seed + UInt64(outcome.retries.count))
            retries += outcome.retries.count
            #expect(engine.snapshot().counters.retries.values.reduce(0, +) == retries)

            request.seed = outcome.seed
            request.attempts = 1
            #expect(await (try await engine.submit(request)).collect().samples == speech.samples)

            request.seed = seed
            request.attempts = 3
            request.heldBackSeconds = 0
            let streamed = await (try await engine.submit(request)).collect()
            #expect(streamed.outcome?.retries == [] && streamed.outcome?.seed == seed)
        }
        #expect(retries > 0, "the tiny checkpoint has learnt to speak")
    }

    @Test func ownersTakeTurns() async throws {
        let recorder = Recorder(holdingFirstStep: true)
        let engine = try await TinyEngine.ready(observer: recorder) { $0.maxBatch = 1 }
        let first = try await engine.submit(TinyEngine.endless())
        await first.readToStart()
        var tickets: [SpeechTicket] = []
        for (seed, owner) in [(1, "a"), (2, "a"), (3, "a"), (4, "b"), (5, "b"), (6, "c")] {
            tickets.append(try await engine.submit(TinyEngine.request(seed: UInt64(seed), owner: owner)))
        }
        first.cancel()
        recorder.release()
        for ticket in tickets {
            let speech = await ticket.collect()
            #expect(speech.outcome?.isSpoken == true)
        }
        #expect(recorder.outcomes.map(\.seed) == [1000, 1, 4, 6, 2, 5, 3])
    }

    @Test func aLongTextGivesWayToOthersBetweenItsParts() async throws {
        let recorder = Recorder(holdingFirstStep: true)
        let engine = try await TinyEngine.ready(observer: recorder) { $0.maxBatch = 1 }
        let long = try await engine.submit(TinyEngine.endless(seed: 1, owner: "long", sentences: 20))
        let short = try await engine.submit(TinyEngine.request(seed: 2, owner: "short"))
        recorder.release()
        #expect(await short.collect().outcome?.isSpoken == true)
        #expect(await long.collect().outcome?.end == .complete)
        #expect(recorder.outcomes.map(\.seed) == [2, 1])
    }

    @Test func aFullQueueRefusesWithATime() async throws {
        // Held, because a long text gives its place to others after each part.
        let recorder = Recorder(holdingFirstStep: true)
        let engine = try await TinyEngine.ready(observer: recorder) {
            $0.maxBatch = 1
            $0.queueCapacity = 2
            $0.ownerLimit = 2
        }
        let first = try await engine.submit(TinyEngine.endless(owner: "a"))
        await first.readToStart()
        let second = try await engine.submit(TinyEngine.request(owner: "a"))
        await #expect { try await engine.submit(TinyEngine.request(owner: "a")) } throws: { error in
            guard case .ownerLimit(2, let time)? = error as? AdmissionError else { return false }
            return time >= .seconds(1)
        }
        let third = try await engine.submit(TinyEngine.request(owner: "b"))
        await #expect { try await engine.submit(TinyEngine.request(owner: "c")) } throws: { error in
            guard case .queueFull(2, let time)? = error as? AdmissionError else { return false }
            return time >= .seconds(1)
        }
        recorder.release()
        var positions: [Int] = []
        for await event in third.events {
            if case .queued(let position, let eta) = event {
                positions.append(position)
                #expect(eta > .zero)
                first.cancel()
            }
        }
        #expect(positions.first.map { $0 < 2 } == true)
        #expect(await second.collect().outcome?.isSpoken == true)
        _ = await first.collect()
        #expect(recorder.refused.map(\.label) == ["owner_limit", "queue_full"])
        #expect(engine.snapshot().counters.refused == ["owner_limit": 1, "queue_full": 1])
        #expect(engine.snapshot().isEmpty)
    }
}
