import Foundation
import NIOHTTP1
import Synchronization
import Testing

@testable import ModelHub

/// Downloads from a hub that behaves.
struct PullTests {
    @Test(arguments: [HubSource.Dialect.huggingFace, .modelScope]) func whatIsNeeded(dialect: HubSource.Dialect)
        async throws
    {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        let keep = Kept()
        #expect(try await place.pull(hub, dialect: dialect) { keep.add($0) })
        #expect(place.files == LocalHub.needed)
        for name in LocalHub.needed { #expect(try place.content(name) == LocalHub.model[name]) }
        #expect(place.names == ["tiny"], "nothing else stays")
        let total = LocalHub.needed.reduce(0) { $0 + (LocalHub.model[$1]?.count ?? 0) }
        let steps = keep.all
        #expect(steps.last == DownloadProgress(file: "model.safetensors", bytesDone: total, bytesTotal: total))
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.bytesDone <= $1.bytesDone })

        let asked = hub.requests.count
        #expect(try await !place.pull(hub, dialect: dialect), "it is there")
        #expect(hub.requests.count == asked, "and nobody is asked")
        #expect(try await place.pull(hub, dialect: dialect, force: true))
        #expect(place.files == LocalHub.needed && place.names == ["tiny"])
    }

    @Test func whatIsMissingIsRepaired() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        try await place.pull(hub)
        try FileManager.default.removeItem(at: place.folder.appendingPathComponent("audiovae.pth"))
        let asked = hub.requests.count
        #expect(try await place.pull(hub))
        #expect(place.files == LocalHub.needed)
        let fetched = hub.requests.dropFirst(asked).filter { $0.path.contains("/resolve/") }
        #expect(fetched.map { $0.path.components.last } == ["audiovae.pth"], "the others are taken over")
    }

    @Test func shardsAndVoices() async throws {
        var files = LocalHub.model
        files["model.safetensors"] = nil
        files["model.safetensors.index.json"] = Data("{\"weight_map\":{}}".utf8)
        files["model-00001-of-00002.safetensors"] = Data("one".utf8)
        files["model-00002-of-00002.safetensors"] = Data("two".utf8)
        files["generation.json"] = Data("{}".utf8)
        files["voices/anna.safetensors"] = Data("latents".utf8)
        files["tokenizer_config.json"] = Data()
        let (hub, place) = (try await LocalHub(files), try HubFolder())
        try await place.pull(hub)
        #expect(
            place.files == [
                "audiovae.pth", "config.json", "generation.json", "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors", "model.safetensors.index.json", "tokenizer.json",
                "tokenizer_config.json", "voices",
            ])
        #expect(try place.content("voices/anna.safetensors") == Data("latents".utf8))
        #expect(try place.content("tokenizer_config.json").isEmpty)
    }

    @Test func pagesAreFollowed() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        let names = LocalHub.model.keys.sorted()
        hub.misbehave { request, _ in
            guard request.path.contains("/tree/") else { return nil }
            let page = request.path.contains("page=2") ? names.suffix(4) : names.prefix(4)
            var answer = LocalHub.json(page.map { LocalHub.entry($0, LocalHub.model[$0] ?? Data()) })
            if !request.path.contains("page=2") {
                answer.headers.add(name: "Link", value: "<\(request.path)&page=2>; rel=\"next\"")
            }
            return answer
        }
        try await place.pull(hub)
        #expect(place.files == LocalHub.needed)
    }

    @Test(arguments: ["config.json", "tokenizer.json", "audiovae.pth"]) func otherModelsAreRefused(missing: String)
        async throws
    {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        hub.set(missing, nil)
        await #expect {
            try await place.pull(hub)
        } throws: { error in
            if case HubError.notAModel = error { true } else { false }
        }
        #expect(place.names == [])
    }

    @Test func oneDownloadAtATime() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        let lock = try DownloadLock("tiny", in: place.shelf)
        await #expect(throws: HubError.busy(name: "tiny")) { try await place.pull(hub) }
        withExtendedLifetime(lock) {}
        #expect(hub.requests.isEmpty)
    }

    @Test func theDiskIsAskedFirst() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        var settings = HubFolder.settings
        settings.spareBytes = 1 << 60
        await #expect {
            try await place.pull(hub, settings: settings)
        } throws: { error in
            if case HubError.diskTooSmall = error { true } else { false }
        }
        #expect(!hub.requests.contains { $0.path.contains("/resolve/") })
    }

    @Test func whatWasNotDownloadedStays() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        try FileManager.default.createDirectory(at: place.folder, withIntermediateDirectories: true)
        let mine = place.folder.appendingPathComponent("mine.txt")
        try Data("mine".utf8).write(to: mine)
        await #expect(throws: HubError.exists(path: place.folder.path)) { try await place.pull(hub) }
        #expect(throws: HubError.notDownloaded(name: "tiny", shelf: place.shelf.path)) {
            try place.models.remove("tiny")
        }
        #expect(try Data(contentsOf: mine) == Data("mine".utf8))
        try await place.pull(hub, force: true)
        #expect(place.files == LocalHub.needed)
    }

    @Test func removingTakesAll() async throws {
        let (hub, place) = (try await LocalHub(), try HubFolder())
        try await place.pull(hub)
        #expect(try place.models.remove("tiny") > 3_300_000)
        #expect(place.names == [])
        for name in ["tiny", "../tiny", "", ".", "..", ".tiny.download", "a/b"] {
            #expect(throws: HubError.notDownloaded(name: name, shelf: place.shelf.path)) {
                try place.models.remove(name)
            }
        }
    }

    @Test func namesAreChecked() throws {
        for name in ["", "tiny", "a/b/c", "../b", "a/..", "a/.b", "/b", "a/", "a b/c", "a/b?x", "ä/b", "-a/b"] {
            #expect(throws: HubError.badRepository(name)) { try HubRepository(name) }
        }
        #expect(throws: HubError.badRevision("../x")) { try HubRepository("a/b", revision: "../x") }
        #expect(try HubRepository("openbmb/VoxCPM1.5", revision: "refs/pr/1").description == "openbmb/VoxCPM1.5")
        for name in [
            "github", "ftp://x.org", "http://mirror.org", "http://127.0.0.1.mirror.org", "https://",
            "http://1270.0.0.1",
        ] {
            #expect(throws: HubError.self, "\(name)") { try HubSource(named: name, environment: [:]) }
        }
        let environment = ["HF_ENDPOINT": "https://mirror.org/hf/", "HF_TOKEN": "secret"]
        let mirror = try HubSource(named: "huggingface", environment: environment)
        #expect(mirror.token == "secret")
        #expect(
            mirror.address(of: "a b/c#.json", in: try HubRepository("o/n"), commit: "abc")?.absoluteString
                == "https://mirror.org/hf/o/n/resolve/abc/a%20b/c%23.json")
        #expect(try HubSource(named: "https://other.org", environment: environment).token == nil)
        #expect(try HubSource(named: "modelscope", environment: environment).token == nil)
    }
}

/// Progress that was told.
final class Kept: Sendable {
    private let list = Mutex<[DownloadProgress]>([])

    var all: [DownloadProgress] { list.withLock { $0 } }

    func add(_ progress: DownloadProgress) { list.withLock { $0.append(progress) } }
}
