import Foundation
import SpeechEngine
import Synchronization
import Testing

/// Requests that end before their time.
struct CancelTests {
    /// Bytes of memory that this process has now.
    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(fields.count > 1 ? Int(fields[1]) : nil) * 4096
    }

    @Test func aThousandCancelsAtRandomMomentsLeaveNothing() async throws {
        let recorder = Recorder()
        let engine = try await TinyEngine.ready(observer: recorder) {
            $0.maxBatch = 4
            $0.queueCapacity = 1000
        }
        var random = SystemRandomNumberGenerator()
        var before = 0
        for round in 0..<10 {
            if round == 2 { before = try residentBytes() }
            await withTaskGroup { group in
                for number in 0..<100 {
                    let events = Int.random(in: 0...6, using: &random)
                    let way = Int.random(in: 0..<4, using: &random)
                    let request = TinyEngine.endless(
                        seed: UInt64(number), owner: "\(number % 7)", sentences: 30)
                    group.addTask { await cancel(engine, request, after: events, way: way) }
                }
            }
            await recorder.wait(forFinished: 100 * (round + 1))
        }
        let snapshot = engine.snapshot()
        #expect(snapshot.isEmpty)
        #expect(snapshot.counters.accepted == 1000)
        let cancelled = snapshot.counters.cancelled
        // Where the machine is busy, some are over before they are cancelled.
        #expect(cancelled.values.reduce(0, +) + snapshot.counters.finished == 1000)
        #expect(cancelled[.asked, default: 0] > 50 && cancelled[.readerGone, default: 0] > 300)
        #expect(cancelled.count == 2)
        // Other tests run beside this one, so this finds only what grows with every request.
        #expect(try residentBytes() - before < 256 << 20)
        let speech = await (try await engine.submit(TinyEngine.request())).collect()
        #expect(speech.outcome?.isSpoken == true)
    }

    /// Cancels a request in one of four ways, after some events.
    private func cancel(_ engine: SpeechEngine, _ request: SpeechRequest, after count: Int, way: Int) async {
        guard let ticket = try? await engine.submit(request) else {
            Issue.record("a request was refused")
            return
        }
        switch way {
        case 0:
            // The request is asked to end; its last event comes.
            var seen = 0
            var last: SpeechOutcome?
            if count == 0 { ticket.cancel() }
            for await event in ticket.events {
                seen += 1
                if seen == count { ticket.cancel() }
                if case .finished(let outcome) = event { last = outcome }
            }
            #expect(last?.end == .cancelled(.asked) || last?.end == .complete)
        case 1:
            // The task that reads is cancelled; it still gets the last event.
            let reader = Task { await ticket.collect() }
            for _ in 0..<count { await Task.yield() }
            reader.cancel()
            let end = await reader.value.outcome?.end
            #expect(end == .cancelled(.readerGone) || end == .complete)
        case 2:
            // Whoever reads goes away.
            var seen = 0
            if count > 0 {
                for await _ in ticket.events {
                    seen += 1
                    if seen == count { break }
                }
            }
        default:
            // Nobody ever reads.
            break
        }
    }

    @Test func cancellingTakesOnePatchAtMost() async throws {
        let recorder = Recorder()
        let engine = try await TinyEngine.ready(observer: recorder) { $0.maxBatch = 1 }
        let ticket = try await engine.submit(TinyEngine.endless())
        await ticket.readToFirstAudio()
        let before = engine.snapshot().counters.steps
        ticket.cancel()
        await recorder.wait(forFinished: 1)
        #expect(engine.snapshot().counters.steps - before <= 2)
        #expect(engine.snapshot().isEmpty)
    }

    @Test func aReaderThatComesLateReadsTheSame() async throws {
        let engine = try await TinyEngine.ready {
            $0.maxBatch = 2
            $0.bufferSeconds = 0.2
        }
        let request = TinyEngine.endless(seed: 5, owner: "late", sentences: 12)
        let late = try await engine.submit(request)
        // When the other has said as much, the late one has long been paused.
        let punctual = await (try await engine.submit(request)).collect()
        #expect(punctual.outcome?.end == .complete)
        #expect(engine.snapshot().paused == 1 && engine.snapshot().active == 1)
        let speech = await late.collect()
        #expect(speech.outcome?.end == .complete)
        #expect(speech.samples == punctual.samples)
        #expect(engine.snapshot().isEmpty)
    }

    @Test func whoNeverReadsIsDroppedAndStallsNobody() async throws {
        let recorder = Recorder()
        let engine = try await TinyEngine.ready(observer: recorder) {
            $0.maxBatch = 2
            $0.bufferSeconds = 1
            $0.slowReaderPatience = .milliseconds(50)
        }
        let slow = try await engine.submit(TinyEngine.endless(seed: 1))
        // All of it has room, so that its reader is never late.
        let other = await (try await engine.submit(TinyEngine.request(seed: 2))).collect()
        #expect(other.outcome?.isSpoken == true)
        await recorder.wait(forFinished: 2)
        #expect(recorder.outcomes.contains { $0.end == .cancelled(.slowReader) })
        let speech = await slow.collect()
        #expect(speech.outcome?.end == .cancelled(.slowReader))
        #expect(speech.outcome?.seconds == Double(speech.samples.count) / 44_100)
        #expect(speech.samples.count < 2 * 44_100)
        #expect(engine.snapshot().isEmpty)
    }

    @Test func deadlinesEndWhatWaitsAndWhatSpeaks() async throws {
        let engine = try await TinyEngine.ready { $0.maxBatch = 1 }
        let first = try await engine.submit(TinyEngine.endless())
        await first.readToStart()
        var impatient = TinyEngine.request(owner: "b")
        // Over when the engine hears of it, even where the first part ends just then.
        impatient.queueDeadline = .zero
        #expect(await (try await engine.submit(impatient)).collect().outcome?.end == .cancelled(.queueDeadline))
        first.cancel()
        var short = TinyEngine.endless(owner: "c")
        short.totalDeadline = .milliseconds(200)
        #expect(await (try await engine.submit(short)).collect().outcome?.end == .cancelled(.totalDeadline))
        #expect(await first.collect().outcome != nil)
        #expect(engine.snapshot().isEmpty)
    }

    @Test func drainingFinishesAndRefuses() async throws {
        let engine = try await TinyEngine.ready { $0.maxBatch = 1 }
        let first = try await engine.submit(TinyEngine.request(seed: 1))
        let second = try await engine.submit(TinyEngine.request(seed: 2))
        async let stopped: Void = engine.stop(draining: .seconds(600))
        #expect(await first.collect().outcome?.isSpoken == true)
        #expect(await second.collect().outcome?.isSpoken == true)
        await stopped
        #expect(engine.state == .stopped)
        #expect(engine.model == nil)
        await #expect(throws: AdmissionError.stopped) { try await engine.submit(TinyEngine.request()) }
        await #expect(throws: EngineLoadError.busy(.stopped)) { try await engine.load { _ in try TinyEngine.model() } }
    }

    @Test func theEndOfDrainingCancels() async throws {
        let engine = try await TinyEngine.ready { $0.maxBatch = 1 }
        // Neither is over before the engine is, whoever has the place.
        let first = try await engine.submit(TinyEngine.endless(seed: 1))
        let second = try await engine.submit(TinyEngine.endless(seed: 2))
        await first.readToFirstAudio()
        await engine.unload(draining: .zero)
        #expect(await first.collect().outcome?.end == .cancelled(.shutdown))
        #expect(await second.collect().outcome?.end == .cancelled(.shutdown))
        #expect(engine.state == .unloaded)
        await #expect(throws: AdmissionError.unloaded) { try await engine.submit(TinyEngine.request()) }
        try await engine.load { _ in try TinyEngine.model() }
        #expect(await (try await engine.submit(TinyEngine.request())).collect().outcome?.isSpoken == true)
    }
}
