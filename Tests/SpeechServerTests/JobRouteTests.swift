import Archives
import Foundation
import SpeechEngine
import SpeechStore
import Synchronization
import Testing

@testable import SpeechServer

/// Jobs over HTTP.
struct JobRouteTests {
    private static func ended(_ server: TestServer, _ id: String) async -> [String: Any] {
        var job: [String: Any] = [:]
        _ = await TestServer.eventually {
            job = await server.send("GET", "/api/v1/jobs/\(id)").json
            return !["queued", "running"].contains(job["state"] as? String)
        }
        return job
    }

    private static func names(_ events: String) -> [String] {
        events.components(separatedBy: "\n").filter { $0.hasPrefix("event: ") }.map { String($0.dropFirst(7)) }
    }

    @Test func linesAreSpokenAndFetched() async throws {
        try await TestServer.withStore { server, _ in
            let reply = await server.post(
                "/api/v1/jobs",
                #"{"lines":["one","  ","two","three"],"seed":4,"speed":2,"pause_seconds":0.5,"title":"numbers"}"#)
            #expect(reply.status == 202, "\(reply.text)")
            let id = try #require(reply.json["id"] as? String)
            #expect(reply.headers["location"] == "/api/v1/jobs/\(id)")
            let job = await Self.ended(server, id)
            #expect(job["state"] as? String == "finished" && job["parts_finished"] as? Int == 3)
            #expect((job["parts"] as? [[String: Any]])?.map { $0["text"] as? String } == ["one", "two", "three"])
            #expect(server.engine.state.withLock { $0.requests.map(\.speed) } == [2, 2, 2])
            #expect(abs((job["seconds"] as? Double ?? 0) - 2.4) < 1e-9)
            let joined = await server.send("GET", "/api/v1/jobs/\(id)/audio")
            let samples = 3 * 5 * FakeEngine.samplesPerPatch + 2 * FakeEngine.rate / 2
            #expect(joined.headers["content-length"] == "\(joined.body.count)")
            #expect(abs(joined.body.count - 44 - 2 * samples) < 200)
            #expect(await server.send("GET", "/api/v1/jobs/\(id)/parts/2/audio?format=mp3").status == 200)
            for part in ["3", "-1", "x", "99999999999999999999"] {
                #expect(await server.send("GET", "/api/v1/jobs/\(id)/parts/\(part)/audio").status == 404)
            }
            let archive = await server.send("GET", "/api/v1/jobs/\(id)/archive?format=flac")
            #expect(archive.isComplete)
            let entries = try ZipReader(maxEntries: 9, maxBytes: 1 << 24).read(archive.body)
            #expect(
                entries.keys.sorted() == ["00001.flac", "00002.flac", "00003.flac", "parts.json", "subtitles.srt"])
            #expect(await server.send("GET", "/api/v1/jobs/\(id)/subtitles?format=vtt").text.hasPrefix("WEBVTT"))
            #expect(await server.send("GET", "/api/v1/jobs").json["jobs"] is [Any])
            #expect(await server.send("DELETE", "/api/v1/jobs/\(id)").json["deleted"] as? Bool == true)
            #expect(await server.send("GET", "/api/v1/jobs/\(id)").errorCode == "job_not_found")
        }
    }

    @Test func eventsTellAndGoOnAfterABreak() async throws {
        let engine = FakeEngine { $0.heldFrom = 0 }
        try await TestServer.withStore(engine) { server, _ in
            let id = await server.post("/api/v1/jobs", #"{"lines":["one","two"]}"#).json["id"] as? String ?? ""
            let client = server.client()
            client.send(TestServer.head("GET", "/api/v1/jobs/\(id)/events", [:]))
            _ = await client.read { String(decoding: $0, as: UTF8.self).contains("event: job") }
            engine.state.withLock { $0.heldFrom = nil }
            let rest = RawClient.parse(
                Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
                    + (await client.read { $0.suffix(5) == Array("0\r\n\r\n".utf8) }))
            let names = Self.names(rest.text)
            #expect(names.filter { $0 == "part" }.count == 2 && names.last == "end", "\(names)")
            let end = try #require(
                rest.text.components(separatedBy: "event: end\ndata: ").last?.split(separator: "\n").first)
            let told = try JSONSerialization.jsonObject(with: Data(end.utf8)) as? [String: Any]
            #expect(abs((told?["seconds"] as? Double ?? 0) - 1.6) < 1e-9, "what came of it is told with the end")
            let lastID = rest.text.components(separatedBy: "\n").filter { $0.hasPrefix("id: ") }.map { $0.dropFirst(4) }
            // One who missed the end hears it; one who heard it is told not to come back; a stranger's number begins anew.
            let before = String(try #require(lastID.dropLast().last))
            let again = await server.send("GET", "/api/v1/jobs/\(id)/events", ["Last-Event-ID": before])
            #expect(Self.names(again.text) == ["end"])
            let over = await server.send(
                "GET", "/api/v1/jobs/\(id)/events", ["Last-Event-ID": String(try #require(lastID.last))])
            #expect(over.status == 204)
            for strange in ["", "x", "0-1", "\(before)9999999999999999999999"] {
                let reply = await server.send("GET", "/api/v1/jobs/\(id)/events", ["Last-Event-ID": strange])
                #expect(Self.names(reply.text) == ["job", "end"])
            }
        }
    }

    @Test func cancellingEndsItWithinAPatch() async throws {
        let engine = FakeEngine {
            $0.patches = 1000
            $0.pace = .milliseconds(50)
        }
        try await TestServer.withStore(engine) { server, _ in
            let id = await server.post("/api/v1/jobs", #"{"lines":["one","two"]}"#).json["id"] as? String ?? ""
            #expect(await TestServer.eventually { engine.state.withLock { $0.underWay } == 2 })
            let reply = await server.send("DELETE", "/api/v1/jobs/\(id)")
            #expect(reply.json["state"] as? String == "cancelled")
            #expect(await TestServer.eventually { engine.state.withLock { $0.cancelled } == [.asked, .asked] })
            #expect(await server.send("GET", "/api/v1/jobs/\(id)/audio").errorCode == "nothing_finished")
            #expect(await server.send("DELETE", "/api/v1/jobs/\(id)").json["deleted"] as? Bool == true)
        }
    }

    @Test func stoppingQueuesTheRestForTheNextServer() async throws {
        let folder = TestStore()
        let engine = FakeEngine { $0.heldFrom = 2 }
        var id = ""
        do {
            let store = try await folder.open()
            try await TestServer.run(engine, { $0.drainTime = .milliseconds(300) }, store: store) { server in
                let lines = (0..<6).map { "\"line \($0)\"" }.joined(separator: ",")
                id = await server.post("/api/v1/jobs", "{\"lines\":[\(lines)]}").json["id"] as? String ?? ""
                #expect(await TestServer.eventually { engine.state.withLock { $0.underWay } == 4 })
                server.stop()
                #expect(await TestServer.eventually { engine.state.withLock { $0.engine } == .draining })
                #expect(await TestServer.eventually { engine.state.withLock { $0.engine } == .stopped })
                engine.state.withLock { $0.heldFrom = nil }
            }
            #expect(try await store.job(try #require(RecordID(id))).state == .queued)
        }
        let store = try await folder.open()
        try await TestServer.run(store: store) { server in
            #expect(await Self.ended(server, id)["parts_finished"] as? Int == 6)
        }
    }

    @Test func filesAreTaken() async throws {
        try await TestServer.withStore { server, _ in
            func queue(_ name: String, _ content: [UInt8], _ more: [String: String] = [:]) async -> RawClient.Reply {
                var form = TestForm()
                for (name, value) in more { form.add(name, value) }
                form.add("file", file: content, called: name)
                return await server.send("/api/v1/jobs", form)
            }
            let srt = await queue("a.srt", Array("1\n00:00:01,000 --> 00:00:02,000\nHello there.\n".utf8))
            #expect(srt.status == 202 && srt.json["title"] as? String == "a.srt", "\(srt.text)")
            let text = await queue(
                "b.txt",
                Array(
                    "\u{FEFF}One paragraph that takes more than some three seconds to say aloud.\n\nAnother paragraph."
                        .utf8))
            #expect(text.json["kind"] as? String == "longText" && text.json["parts_total"] as? Int == 2)
            let lines = await queue("b.txt", Array("One\r\ntwo\n\nthree".utf8), ["split": "lines"])
            #expect(lines.json["parts_total"] as? Int == 3 && lines.json["kind"] as? String == "batch")
            for (name, content) in [
                ("a.srt", Array("no times".utf8)), ("a.srt", []), ("a.txt", [0xFF, 0xFE, 0x41]), ("a.txt", [0x41, 0]),
                ("a.txt", Array("...".utf8)), ("a.txt", Array("{\"json\"".utf8) + [0xC3]),
            ] {
                let reply = await queue(name, content)
                #expect(reply.status == 400 && reply.errorCode != nil, "\(name)")
            }
        }
    }

    @Test(arguments: [
        "{}", #"{"lines":[]}"#, #"{"lines":[1]}"#, #"{"lines":"a"}"#, #"{"lines":["..."]}"#, #"{"text":""}"#,
        #"{"lines":["a"],"text":"b"}"#, #"{"lines":["a"],"pause_seconds":11}"#, #"{"lines":["a"],"voice":"nobody"}"#,
        #"{"lines":["a"],"x":1}"#, #"{"lines":["a"],"speed":5}"#, #"{"lines":["a"],"title":7}"#,
    ])
    func badJobsAreRefused(json: String) async throws {
        try await TestServer.withStore { server, store in
            let reply = await server.post("/api/v1/jobs", json)
            #expect(reply.status == 400 && reply.errorCode != nil)
            let kept = try await store.jobs(owner: nil, before: nil, limit: 9)
            #expect(kept.isEmpty)
        }
    }

    @Test func sentTwiceIsQueuedOnce() async throws {
        try await TestServer.withStore { server, _ in
            let key = ["Idempotency-Key": "order-7"]
            let first = await server.post("/api/v1/jobs", #"{"lines":["a"]}"#, key).json["id"] as? String
            #expect(await server.post("/api/v1/jobs", #"{"lines":["a"]}"#, key).json["id"] as? String == first)
        }
    }

    @Test func aFailedPartDoesNotLoseTheOthers() async throws {
        try await TestServer.withStore(FakeEngine { $0.end = .failed(reason: "secret") }) { server, _ in
            let id = await server.post("/api/v1/jobs", #"{"lines":["a","b"]}"#).json["id"] as? String ?? ""
            let job = await Self.ended(server, id)
            #expect(job["state"] as? String == "failed" && job["parts_failed"] as? Int == 2)
        }
    }

    /// Of jobs that are over only the latest are remembered, and who listens in vain leaves nothing.
    @Test func newsDoesNotGrow() async {
        let news = JobNews()
        let jobs = (0..<200).map { _ in RecordID() }
        for job in jobs {
            news.tell("job", ["state": "running"], of: job)
            news.tell("end", ["state": "finished"], of: job)
            news.tell("progress", ["seconds": 1], of: job)
        }
        #expect(news.count == 64)
        let (missed, events, stop) = news.listen(to: jobs[199], after: "\(news.epoch)-1")
        #expect(missed?.map(\.name) == ["end"], "nothing comes after the end")
        for await _ in events { Issue.record("an end was told twice") }
        stop()
        let (_, _, leave) = news.listen(to: RecordID(), after: nil)
        #expect(news.count == 65)
        leave()
        #expect(news.count == 64)
        news.forget(jobs[199])
        #expect(news.count == 63)
    }

    @Test func aJobWithoutAVoiceFailsAsAWhole() async throws {
        try await TestServer.withStore { server, store in
            let voice = try await store.addVoice(
                NewVoice(
                    name: "Ada", transcript: "Words.", consent: "Yes.",
                    reference: NewAudio(.bytes(Data("no sound".utf8)), mediaType: "audio/wav")))
            let new = NewJob(
                kind: .batch, title: "t", model: "fake", voice: voice.id, builtInVoice: nil,
                parameters: try JSONText(
                    encoding: JobParameters(speech: KeptParameters(SpeechRequest("")), pause_seconds: 0, starts: nil)),
                owner: nil, parts: ["one", "two", "three"])
            let id = try await store.addJob(new).id
            // Any new job wakes the runner.
            _ = await server.post("/api/v1/jobs", #"{"lines":["one"]}"#)
            let job = await Self.ended(server, id.description)
            #expect(job["state"] as? String == "failed" && job["parts_failed"] as? Int == 3, "\(job)")
        }
    }
}
