import Foundation
import Logging
import SpeechEngine
import SpeechStore
import Synchronization
import Testing

@testable import SpeechServer

/// What was spoken, and who may see it.
struct HistoryRouteTests {
    private static let json = ["Content-Type": "application/json"]

    @Test func whatWasSpokenIsKept() async throws {
        try await TestServer.withStore { server, _ in
            var ids: [String] = []
            for (body, path) in [
                (#"{"text":"one","seed":5,"cfg":1.5}"#, "/api/v1/speech"),
                (#"{"text":"two","stream":"events"}"#, "/api/v1/speech"),
                (#"{"model":"tts-1","voice":"alloy","input":"three","response_format":"mp3"}"#, "/v1/audio/speech"),
            ] {
                let reply = await server.post(path, body)
                ids.append(try #require(reply.headers["x-mynah-history-id"]))
            }
            let page = await server.send("GET", "/api/v1/history?limit=2").json
            let entries = try #require(page["entries"] as? [[String: Any]])
            #expect(entries.map { $0["text"] as? String } == ["three", "two"])
            #expect(page["is_kept"] as? Bool == true)
            let next = try #require(page["next"] as? Int)
            let rest = await server.send("GET", "/api/v1/history?limit=2&before=\(next)").json
            #expect((rest["entries"] as? [[String: Any]])?.map { $0["id"] as? String } == [ids[0]])
            #expect(rest["next"] == nil)
            let entry = await server.send("GET", "/api/v1/history/\(ids[0])").json
            #expect(entry["seed"] as? String == "5" && entry["seconds"] as? Double == 0.8)
            #expect((entry["parameters"] as? [String: Any])?["cfg"] as? Double == 1.5)
            for format in ["wav", "flac", "mp3", "opus", "pcm"] {
                let sound = await server.send("GET", "/api/v1/history/\(ids[0])/audio?format=\(format)")
                #expect(sound.status == 200 && sound.isComplete && !sound.body.isEmpty, "\(format)")
                #expect(sound.headers["x-ai-generated"] == "true")
            }
            let wave = await server.send("GET", "/api/v1/history/\(ids[0])/audio")
            #expect(wave.body.suffix(2 * 5 * FakeEngine.samplesPerPatch).count == 2 * 5 * FakeEngine.samplesPerPatch)
            for (format, start) in [("srt", ""), ("vtt", "WEBVTT"), ("json", "[")] {
                let subtitles = await server.send("GET", "/api/v1/history/\(ids[0])/subtitles?format=\(format)")
                #expect(subtitles.status == 200 && subtitles.text.hasPrefix(start))
            }
            #expect(await server.send("DELETE", "/api/v1/history/\(ids[0])").status == 200)
            #expect(await server.send("GET", "/api/v1/history/\(ids[0])").errorCode == "history_not_found")
            #expect(await server.send("DELETE", "/api/v1/history").status == 200)
            #expect((await server.send("GET", "/api/v1/history").json["entries"] as? [Any])?.isEmpty == true)
        }
    }

    @Test func whatIsKeptAsItIsWishedGoesOutAsItIs() async throws {
        try await TestServer.withStore { server, store in
            let spoken = await server.post("/api/v1/speech", #"{"text":"one"}"#)
            let id = try #require(RecordID(spoken.headers["x-mynah-history-id"] ?? ""))
            let kept = [UInt8](try Data(contentsOf: store.file(of: try await store.historyEntry(id).audio)))
            let sent = await server.send("GET", "/api/v1/history/\(id)/audio?format=flac")
            #expect(sent.body == kept && sent.headers["content-length"] == "\(kept.count)")
            try #require(kept.count > 26)
            let samples = kept[22..<26].reduce(0) { $0 << 8 | Int($1) }
            #expect(samples == 5 * FakeEngine.samplesPerPatch, "its header tells how long it is")
        }
    }

    @Test func historyCanBeSwitchedOff() async throws {
        try await TestServer.withStore { server, store in
            #expect(
                await server.post("/api/v1/speech", #"{"text":"a","history":false}"#).headers["x-mynah-history-id"]
                    == nil)
            let off = await server.send("PATCH", "/api/v1/settings", Self.json, body: #"{"keeps_history":false}"#)
            #expect(off.json["keeps_history"] as? Bool == false)
            #expect(await server.post("/api/v1/speech", #"{"text":"a"}"#).headers["x-mynah-history-id"] == nil)
            let kept = try await store.history(owner: nil, before: nil, limit: 9)
            #expect(kept.isEmpty)
        }
    }

    @Test func settingsOutliveTheServer() async throws {
        let folder = TestStore()
        for round in 0..<2 {
            let store = try await folder.open()
            try await TestServer.run(store: store) { server in
                if round == 0 {
                    let changed = await server.send(
                        "PATCH", "/api/v1/settings", Self.json,
                        body: #"{"history_entries":2,"history_days":3.5,"log_texts":true}"#)
                    #expect(changed.status == 200, "\(changed.text)")
                    for bad in [#"{"history_entries":0}"#, #"{"x":1}"#, #"{"log_texts":"yes"}"#, "[]", "{"] {
                        #expect(await server.send("PATCH", "/api/v1/settings", Self.json, body: bad).status == 400)
                    }
                }
                let settings = await server.send("GET", "/api/v1/settings").json
                #expect(settings["history_entries"] as? Int == 2 && settings["history_days"] as? Double == 3.5)
                #expect(settings["log_texts"] as? Bool == true && settings.keys.contains("idle_unload_minutes"))
            }
        }
    }

    @Test(arguments: [
        "limit=0", "limit=501", "limit=x", "before=-1", "x=1", "limit=1&limit=%zz", "before=99999999999999999999",
    ])
    func badQueriesAreRefused(query: String) async throws {
        try await TestServer.withStore { server, _ in
            let reply = await server.send("GET", "/api/v1/history?\(query)")
            #expect(reply.status == 400 && reply.errorCode != nil)
        }
    }

    @Test func whatIsKeptIsCounted() async throws {
        try await TestServer.withStore { server, _ in
            #expect(await server.post("/api/v1/speech", #"{"text":"a","normalize":true,"speed":1.5}"#).status == 200)
            #expect(server.engine.state.withLock { $0.requests.last?.spellsOut } == true)
            #expect(server.engine.state.withLock { $0.requests.last?.speed } == 1.5)
            let storage = await server.send("GET", "/api/v1/storage").json
            let history = storage["history"] as? [String: Any]
            #expect(history?["files"] as? Int == 1 && (history?["bytes"] as? Int ?? 0) > 40)
            #expect((storage["jobs"] as? [String: Any])?["files"] as? Int == 0)
            let entry = (await server.send("GET", "/api/v1/history").json["entries"] as? [[String: Any]])?.first
            #expect((entry?["parameters"] as? [String: Any])?["normalize"] as? Bool == true)
            #expect((entry?["parameters"] as? [String: Any])?["speed"] as? Double == 1.5)
        }
    }

    @Test func withoutAStoreNothingIsKept() async throws {
        try await TestServer.run { server in
            #expect(await server.send("GET", "/api/v1/history").errorCode == "no_store")
            #expect(await server.post("/api/v1/speech", #"{"text":"a"}"#).status == 200)
            #expect(await server.send("GET", "/api/v1/settings").status == 200)
        }
    }

    @Test func keysSeeTheirOwn() async throws {
        try await TestServer.withStore(FakeEngine(), { $0.keys = GivenKeys(["given-at-the-start"]) }) { server, _ in
            let admin = ["Authorization": "Bearer given-at-the-start"]
            var keys: [[String: String]] = []
            for name in ["one", "two"] {
                let made = await server.post("/api/v1/keys", #"{"name":"\#(name)","requests_per_minute":3}"#, admin)
                #expect(made.status == 201)
                keys.append(["Authorization": "Bearer \(made.json["secret"] as? String ?? "")"])
            }
            let spoken = await server.post("/api/v1/speech", #"{"text":"mine"}"#, keys[0])
            let id = spoken.headers["x-mynah-history-id"] ?? ""
            #expect(await server.send("GET", "/api/v1/history/\(id)", keys[0]).status == 200)
            #expect(await server.send("GET", "/api/v1/history/\(id)", admin).status == 200)
            #expect(await server.send("GET", "/api/v1/history/\(id)/audio", keys[1]).status == 404)
            #expect(await server.send("DELETE", "/api/v1/history", keys[1]).status == 200)
            #expect(await server.send("GET", "/api/v1/history/\(id)", keys[0]).status == 200)
            for (method, path) in [
                ("GET", "/api/v1/keys"), ("GET", "/api/v1/settings"), ("GET", "/api/v1/logs"),
                ("GET", "/api/v1/storage"),
                ("POST", "/api/v1/models/unload"),
            ] {
                #expect(await server.send(method, path, keys[0]).errorCode == "admin_key_required")
            }
            let listed = await server.send("GET", "/api/v1/keys", admin)
            #expect(!listed.text.contains("secret") && listed.text.contains("\"two\""))

            for _ in 0..<2 { _ = await server.post("/api/v1/speech", #"{"text":"a"}"#, keys[0]) }
            let refused = await server.post("/api/v1/speech", #"{"text":"a"}"#, keys[0])
            #expect(refused.status == 429 && refused.errorCode == "rate_limit_exceeded")
            let wait = try #require(refused.headers["retry-after"].flatMap { Int($0) })
            #expect((1...60).contains(wait))

            let own = (listed.json["keys"] as? [[String: Any]])?.first { $0["name"] as? String == "two" }
            let keyID = own?["id"] as? String ?? ""
            let changed = await server.send(
                "PATCH", "/api/v1/keys/\(keyID)", admin.merging(Self.json) { $1 },
                body: #"{"requests_per_minute":null,"characters_per_minute":10}"#)
            #expect(changed.json["requests_per_minute"] == nil && changed.json["characters_per_minute"] as? Int == 10)
            #expect(await server.post("/api/v1/speech", #"{"text":"12345678901"}"#, keys[1]).status == 400)
            #expect(await server.post("/api/v1/speech", #"{"text":"123456"}"#, keys[1]).status == 200)
            #expect(await server.post("/api/v1/speech", #"{"text":"123456"}"#, keys[1]).status == 429)
            #expect(await server.send("DELETE", "/api/v1/keys/\(keyID)", admin).status == 200)
            #expect(await server.post("/api/v1/speech", #"{"text":"1"}"#, keys[1]).status == 401)
            #expect(await server.send("DELETE", "/api/v1/keys/x", admin).status == 404)
        }
    }

    @Test func aKeysRequestsUnderWayAreCounted() async throws {
        let engine = FakeEngine { $0.heldFrom = 0 }
        try await TestServer.withStore(engine, { $0.keys = GivenKeys() }) { server, store in
            let (_, secret) = try await store.addKey(
                name: "narrow", limits: KeyLimits(concurrentRequests: 1), isAdmin: false)
            let key = ["Authorization": "Bearer \(secret)"]
            async let first = server.post("/api/v1/speech", #"{"text":"a"}"#, key)
            #expect(await TestServer.eventually { engine.state.withLock { $0.underWay } == 1 })
            let second = await server.post("/api/v1/speech", #"{"text":"a"}"#, key)
            #expect(second.status == 429 && second.headers["retry-after"] != nil)
            engine.state.withLock { $0.heldFrom = nil }
            #expect(await first.status == 200)
            #expect(await server.post("/api/v1/speech", #"{"text":"a"}"#, key).status == 200)
        }
    }

    @Test func theLogCanBeRead() async throws {
        let log = RecentLog()
        let logger = Logger(label: "test") { _ in log.handler }
        for number in 0..<1200 { logger.info("line", metadata: ["number": "\(number)"]) }
        logger.warning("grave")
        #expect(log.lines(2, from: .info).map(\.message) == ["line", "grave"])
        #expect(log.lines(9, from: .warning).map(\.message) == ["grave"])
        #expect(log.lines(5000, from: .info).count <= 1100, "the oldest go")
        try await TestServer.withStore { server, _ in
            let reply = await server.send("GET", "/api/v1/logs?limit=5&level=warning")
            #expect(reply.status == 200 && reply.json["lines"] is [Any])
            #expect(await server.send("GET", "/api/v1/logs?level=loud").status == 400)
        }
    }
}
