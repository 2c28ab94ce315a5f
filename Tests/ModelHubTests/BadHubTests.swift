import Foundation
import NIOHTTP1
import Synchronization
import Testing

@testable import ModelHub

/// Downloads from hubs that break off, lie, send astray and refuse.
struct BadHubTests {
    private let weights = "model.safetensors"

    /// The error of a download that must not succeed.
    private func failure(_ hub: LocalHub, _ place: HubFolder, token: String? = nil) async -> HubError? {
        do {
            try await place.pull(hub, token: token)
            Issue.record("it succeeded")
            return nil
        } catch let error as HubError {
            #expect(!place.names.contains("tiny"), "nothing is put in place")
            return error
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    @Test func brokenConnectionsAreTakenUp() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        hub.misbehave { [weights] request, good in
            guard request.path.hasSuffix(weights), good.body.count > 500_000 else { return nil }
            var answer = good
            answer.cutAfter = 700_000
            return answer
        }
        try await place.pull(hub)
        #expect(try place.content(weights) == LocalHub.model[weights])
        let starts = hub.requests.filter { $0.path.hasSuffix(weights) }.map { $0.rangeStart ?? 0 }
        #expect(starts.count > 3 && starts == starts.sorted() && Set(starts).count == starts.count, "\(starts)")
    }

    @Test func serversThatIgnoreRangesStartAnew() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        let tries = Counter()
        hub.misbehave { [weights] request, _ in
            guard request.path.hasSuffix(weights) else { return nil }
            var answer = HubAnswer(body: LocalHub.model[weights] ?? Data())
            if tries.next() == 1 { answer.cutAfter = 100_000 }
            return answer
        }
        try await place.pull(hub)
        #expect(try place.content(weights) == LocalHub.model[weights])
    }

    @Test func hopelessConnectionsAreGivenUp() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        hub.misbehave { [weights] request, good in
            guard request.path.hasSuffix(weights) else { return nil }
            var answer = good
            answer.cutAfter = 1000
            return answer
        }
        guard case .unreachable = await failure(hub, place) else {
            Issue.record("another error")
            return
        }
        #expect(hub.requests.filter { $0.path.hasSuffix(weights) }.count == HubFolder.settings.retries + 1)
        let kept = place.partialBytes
        #expect(kept > 0, "what came is kept")
        hub.behave()
        try await place.pull(hub)
        #expect(hub.requests.last { $0.path.hasSuffix(weights) }?.rangeStart == kept, "and used")
    }

    @Test func silenceIsNotWaitedForLong() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        hub.misbehave { [weights] request, good in
            guard request.path.hasSuffix(weights) else { return nil }
            var answer = good
            (answer.cutAfter, answer.hangs) = (10, true)
            return answer
        }
        var settings = HubFolder.settings
        settings.silenceSeconds = 1
        settings.retries = 0
        await #expect {
            try await place.pull(hub, settings: settings)
        } throws: { error in
            if case HubError.unreachable = error { true } else { false }
        }
    }

    /// Lengths and ranges that are not those of the list.
    @Test(arguments: ["length", "longer", "chunks", "total"]) func liesAboutSizes(kind: String) async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        let tries = Counter()
        hub.misbehave { [weights] request, good in
            guard request.path.hasSuffix(weights) else { return nil }
            var answer = good
            switch kind {
            case "length": answer.claimedLength = 17
            case "longer": answer.body.append(1)
            case "chunks":
                answer.body.append(1)
                answer.claimedLength = -1
            default:
                if tries.next() == 1 { answer.cutAfter = 1000 }
                answer.headers.replaceOrAdd(name: "Content-Range", value: "bytes 1000-1999/2000")
            }
            return answer
        }
        guard case .wrongSize(let file, _, let expected)? = await failure(hub, place) else {
            Issue.record("another error")
            return
        }
        #expect(file == weights && expected == 3_000_000)
    }

    @Test func otherRangesAreNotBelieved() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        let tries = Counter()
        hub.misbehave { [weights] request, good in
            guard request.path.hasSuffix(weights) else { return nil }
            var answer = good
            let number = tries.next()
            if number == 1 { answer.cutAfter = 1000 }
            // The whole file, as if it were the rest.
            if number == 2 {
                answer.body = LocalHub.model[weights] ?? Data()
                answer.headers.replaceOrAdd(name: "Content-Range", value: "bytes 0-2999999/3000000")
            }
            if number == 3 { answer = HubAnswer(status: .rangeNotSatisfiable) }
            return answer
        }
        try await place.pull(hub)
        #expect(try place.content(weights) == LocalHub.model[weights])
    }

    @Test func aFileThatChangesBetweenTwoRangesIsDeleted() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        let tries = Counter()
        hub.misbehave { [weights] request, good in
            guard request.path.hasSuffix(weights) else { return nil }
            var answer = good
            if tries.next() == 1 { answer.cutAfter = 1_000_000 } else { answer.body = Data(count: good.body.count) }
            return answer
        }
        #expect(await failure(hub, place) == .digestDiffers(file: weights, host: "127.0.0.1"))
        #expect(place.partialBytes == 0)
        hub.behave()
        try await place.pull(hub)
        #expect(try place.content(weights) == LocalHub.model[weights])
    }

    @Test(arguments: ["config.json", "audiovae.pth"]) func wrongBytesAreNotKept(name: String) async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        hub.misbehave { request, good in
            guard request.path.hasSuffix(name) else { return nil }
            return HubAnswer(body: Data(count: good.body.count))
        }
        #expect(await failure(hub, place) == .digestDiffers(file: name, host: "127.0.0.1"))
    }

    @Test func redirectsInCirclesEnd() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        hub.misbehave { request, _ in
            guard request.path.contains("/resolve/") else { return nil }
            let next = request.path.hasSuffix("?round") ? String(request.path.dropLast(6)) : request.path + "?round"
            return HubAnswer(status: .found, headers: ["Location": next])
        }
        guard case .redirectLoop = await failure(hub, place) else {
            Issue.record("another error")
            return
        }
    }

    @Test(arguments: [
        "http://example.org/x", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://127.0.0.1.example.org/",
    ])
    func redirectsLeadToHttpsOnly(target: String) async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        hub.misbehave { request, _ in
            request.path.contains("/resolve/") ? HubAnswer(status: .found, headers: ["Location": target]) : nil
        }
        #expect(await failure(hub, place) == .unsafeRedirect(from: "127.0.0.1", to: target))
    }

    @Test func theTokenStaysWithTheHub() async throws {
        let (hub, store, place) = (try await LocalHub(), try await LocalHub(), try HubFolder())
        let address = store.address
        hub.misbehave { request, _ in
            guard request.path.contains("/resolve/") else { return nil }
            return HubAnswer(status: .found, headers: ["Location": address.absoluteString + request.path])
        }
        try await place.pull(hub, token: "secret")
        #expect(hub.requests.allSatisfy { $0.headers.first(name: "Authorization") == "Bearer secret" })
        #expect(!store.requests.isEmpty)
        #expect(store.requests.allSatisfy { !$0.headers.contains(name: "Authorization") })
    }

    @Test func refusalsAreExplained() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        let answers: [(HTTPResponseStatus, HubError)] = [
            (.notFound, .notFound(what: "model ada/tiny", host: "127.0.0.1")),
            (.unauthorized, .notPermitted(what: "model ada/tiny", host: "127.0.0.1", hasToken: false)),
            (.forbidden, .notPermitted(what: "model ada/tiny", host: "127.0.0.1", hasToken: false)),
            (.imATeapot, .refused(host: "127.0.0.1", status: 418)),
            (.tooManyRequests, .unreachable(host: "127.0.0.1", reason: "too many requests")),
            (.internalServerError, .unreachable(host: "127.0.0.1", reason: "status 500")),
        ]
        for (status, error) in answers {
            hub.misbehave { _, _ in HubAnswer(status: status) }
            #expect(await failure(hub, place) == error)
        }
        hub.misbehave { _, _ in HubAnswer(status: .forbidden) }
        let error = HubError.notPermitted(what: "model ada/tiny", host: "127.0.0.1", hasToken: true)
        #expect(await failure(hub, place, token: "x") == error)
    }

    @Test func busyHubsAreAskedAgain() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        let asked = Counter()
        hub.misbehave { _, _ in
            asked.next() % 2 == 1 ? HubAnswer(status: .tooManyRequests, headers: ["Retry-After": "0"]) : nil
        }
        try await place.pull(hub)
        #expect(place.files == LocalHub.needed)
    }

    @Test(arguments: ["../config.json", "/etc/passwd", "a/../../b", "a\\b", "a//b", "./a", "a\u{0}b", "voices/.."])
    func namesThatLeaveTheFolderAreRefused(name: String) async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        hub.set(name, Data("x".utf8))
        #expect(await failure(hub, place) == .unsafeName(name, host: "127.0.0.1"))
        #expect(!hub.requests.contains { $0.path.contains("/resolve/") })
    }

    @Test(arguments: ["", "[", "{}", "[{\"type\":\"file\"}]", "[{\"type\":\"file\",\"path\":1}]"])
    func listsThatAreNoneAreRefused(list: String) async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        hub.misbehave { request, _ in request.path.contains("/tree/") ? HubAnswer(body: Data(list.utf8)) : nil }
        guard case .badListing = await failure(hub, place) else {
            Issue.record("another error")
            return
        }
    }

    /// Of a file that is needed the list must tell size and digest; of others it need not.
    @Test(arguments: ["size", "oid", "huge", "negative"]) func whatTheListMustTell(kind: String) async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        @Sendable func misbehave(with path: String) {
            hub.misbehave { request, _ in
                guard request.path.contains("/tree/") else { return nil }
                return LocalHub.json(
                    LocalHub.model.map { name, content in
                        var entry = LocalHub.entry(name, content)
                        guard name == path else { return entry }
                        switch kind {
                        case "huge": entry["size"] = Int.max
                        case "negative": entry["size"] = -1
                        default: entry[kind] = nil
                        }
                        return entry
                    })
            }
        }
        misbehave(with: "config.json")
        guard case .badListing = await failure(hub, place) else {
            Issue.record("another error")
            return
        }
        misbehave(with: "README.md")
        try await place.pull(hub)
        #expect(place.files == LocalHub.needed)
    }

    @Test func cancellingKeepsWhatIsThere() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        hub.misbehave { [weights] request, good in
            guard request.path.hasSuffix(weights) else { return nil }
            var answer = good
            (answer.cutAfter, answer.hangs) = (2_000_000, true)
            return answer
        }
        let task = Task { try await place.pull(hub) }
        while place.partialBytes < 2_000_000 { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(place.partialBytes == 2_000_000)
        #expect(place.names == [".tiny.download"])
        hub.behave()
        try await place.pull(hub)
        #expect(hub.requests.last { $0.path.hasSuffix(weights) }?.rangeStart == 2_000_000)
        #expect(place.names == ["tiny"])
    }

    @Test func contentRanges() {
        #expect(ContentRange("bytes 5-9/10")?.first == 5)
        #expect(ContentRange("bytes 5-9/*").map { $0.total == nil } == true)
        for bad in [
            "", "bytes", "bytes 5-9", "bytes 9-5/10", "bytes -5-9/10", "items 0-1/2", "bytes */10", "bytes 0-1/x",
        ] {
            #expect(ContentRange(bad) == nil, "\(bad)")
        }
    }
}

/// Counts calls.
final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
