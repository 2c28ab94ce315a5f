import AudioIO
import SpeechEngine
import Testing

/// Speech that is heard faster or slower than the model speaks it.
struct SpeedTests {
    private static func request(_ speed: Double) -> SpeechRequest {
        var request = TinyEngine.request("The first sentence.\n\nAnd a second.\n\nThe end.", seed: 3)
        request.maxSeconds = nil
        request.cutting = .paragraphs
        request.pauses = SpeechPauses(paragraph: 0.25)
        request.speed = speed
        return request
    }

    @Test(arguments: [0.5, 0.8, 1.5, 2, 4]) func partsAreStretchedAndPausesAreNot(speed: Double) async throws {
        let engine = try await TinyEngine.ready { $0.maxBatch = 3 }
        var whole = Self.request(speed)
        whole.heldBackSeconds = .infinity
        let usual = await (try await engine.submit(Self.request(1))).collect()
        let heard = await (try await engine.submit(Self.request(speed))).collect()
        let collected = await (try await engine.submit(whole)).collect()
        #expect(heard.samples == collected.samples && heard.marks == collected.marks)

        #expect(heard.outcome?.end == usual.outcome?.end && heard.outcome?.seed == usual.outcome?.seed)
        #expect(heard.marks.map(\.text) == usual.marks.map(\.text) && !heard.marks.isEmpty)
        #expect(heard.marks.map(\.pauseSamples) == usual.marks.map(\.pauseSamples))
        var expected: [Float] = []
        for (mark, own) in zip(usual.marks, heard.marks) {
            let stretch = try TimeStretch(speed: speed, sampleRateHz: 44_100)
            let start = expected.count
            expected += try stretch.process(Array(usual.samples[mark.samples]))
            expected += try stretch.finish()
            #expect(own.samples == start..<expected.count)
            expected += [Float](repeating: 0, count: mark.pauseSamples)
        }
        #expect(heard.samples == expected)
        #expect(heard.outcome?.seconds == Double(heard.samples.count) / 44_100)
    }

    @Test(arguments: [0.5, 1, 2, 4]) func theLimitIsOfWhatIsHeard(speed: Double) async throws {
        let engine = try await TinyEngine.ready()
        var request = TinyEngine.endless(seed: 5)
        request.speed = speed
        request.maxSeconds = 0.7
        let speech = await (try await engine.submit(request)).collect()
        #expect(speech.outcome?.end == .lengthLimit)
        let seconds = Double(speech.samples.count) / 44_100
        #expect(seconds <= 0.7 && seconds > 0.68, "\(seconds) s")
        #expect(speech.marks.last?.samples.upperBound == speech.samples.count)
    }

    @Test func progressTellsWhatIsHeard() async throws {
        let engine = try await TinyEngine.ready()
        var seconds: [Double] = []
        var total = 0.0
        for await event in try await engine.submit(Self.request(2)).events {
            if case .progress(let progress) = event { seconds.append(progress.seconds) }
            if case .finished(let outcome) = event { total = outcome.seconds }
        }
        #expect(!seconds.isEmpty && seconds == seconds.sorted())
        #expect(seconds.allSatisfy { $0 <= total + 0.02 })
        #expect(seconds.last ?? 0 > total / 2)
        #expect(engine.snapshot().isEmpty)
    }

    @Test(arguments: [0, 0.24, 4.5, .nan, -1] as [Double]) func otherSpeedsAreRefused(speed: Double) async throws {
        let engine = try await TinyEngine.ready()
        do {
            _ = try await engine.submit(Self.request(speed))
            Issue.record("\(speed) was taken")
        } catch {
            guard case .invalid(.speed, _, let expected) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(expected == "0.25 to 4")
        }
    }
}
