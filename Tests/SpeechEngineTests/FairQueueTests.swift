import Testing

@testable import SpeechEngine

/// Turns.
struct FairQueueTests {
    private func queue(_ items: [(String, Int)]) -> FairQueue<Int> {
        var queue = FairQueue<Int>()
        for (owner, item) in items { queue.append(item, owner: owner) }
        return queue
    }

    @Test func ownersTakeTurnsAndKeepTheirOrder() {
        var queue = queue([("a", 1), ("a", 2), ("b", 3), ("a", 4), ("c", 5), ("b", 6)])
        var taken: [Int] = []
        while let item = queue.next(running: [:]) { taken.append(item) }
        #expect(taken == [1, 3, 5, 2, 6, 4])
        #expect(queue.isEmpty)
    }

    @Test func whoHasLessUnderWayComesFirst() {
        var queue = queue([("a", 1), ("b", 2), ("c", 3)])
        #expect(queue.next(running: ["a": 2, "b": 1]) == 3)
        #expect(queue.next(running: ["a": 2, "b": 1]) == 2)
    }

    @Test func theOrderIsToldBeforehand() {
        let queue = queue([("a", 1), ("a", 2), ("b", 3), ("b", 4), ("c", 5)])
        #expect(queue.order(running: ["c": 2]).map(\.item) == [1, 3, 2, 4, 5])
        #expect(queue.count == 5)
    }

    @Test func whatComesBackGoesFirstAmongItsOwn() {
        var queue = queue([("a", 1), ("b", 2)])
        queue.prepend(0, owner: "a")
        #expect(queue.next(running: [:]) == 0)
        #expect(queue.next(running: [:]) == 2)
        #expect(queue.next(running: [:]) == 1)
    }

    @Test func removedItemsAreGone() {
        var queue = queue([("a", 1), ("a", 2), ("b", 3)])
        queue.remove(owner: "b") { $0 == 3 }
        queue.remove(owner: "a") { $0 == 1 }
        queue.remove(owner: "nobody") { _ in true }
        #expect(queue.count == 1)
        #expect(queue.next(running: [:]) == 2)
        #expect(queue.next(running: [:]) == nil)
    }
}

/// What a channel keeps and what it replaces.
struct EventChannelTests {
    private func progress(_ seconds: Double) -> SpeechEvent {
        .progress(SpeechProgress(seconds: seconds, expectedSeconds: 9, part: 0, parts: 1, rtf: 1))
    }

    @Test func onlyTheLatestNewsWaits() async {
        let channel = EventChannel(resumeSamples: 10) {}
        channel.send(.queued(position: 2, eta: .zero))
        channel.send(.queued(position: 1, eta: .zero))
        for number in 0..<50 {
            channel.send(.audio(samples: [Float(number)], start: number))
            channel.send(progress(Double(number)))
        }
        #expect(channel.audioSamples == 50)
        #expect(!channel.awaitRoom())
        var kinds: [String] = []
        for _ in 0..<52 {
            switch await channel.next() {
            case .queued(let position, _): kinds.append("queued \(position)")
            case .audio(let samples, let start):
                #expect(samples == [Float(start)])
                kinds.append("audio")
            case .progress(let progress): kinds.append("progress \(progress.seconds)")
            default: kinds.append("?")
            }
        }
        #expect(kinds == ["queued 1"] + Array(repeating: "audio", count: 50) + ["progress 49.0"])
        #expect(channel.audioSamples == 0)
        #expect(channel.awaitRoom())
    }

    @Test func nothingFollowsTheEnd() async throws {
        let channel = EventChannel(resumeSamples: 10) {}
        let first = Task { await channel.next() }
        channel.send(.started(seed: 1, parts: 1))
        #expect(await first.value != nil)
        let outcome = SpeechOutcome(
            end: .complete, seed: 1, seconds: 0, finishReason: nil, retries: [], queueWait: .zero,
            timeToFirstAudio: nil, total: .zero, voice: nil)
        channel.send(.finished(outcome))
        channel.send(progress(1))
        channel.cancel(.asked)
        #expect(channel.cancelReason == nil)
        guard case .finished? = await channel.next() else {
            Issue.record("the end was lost")
            return
        }
        #expect(await channel.next() == nil)
        #expect(await channel.next() == nil)
    }
}
