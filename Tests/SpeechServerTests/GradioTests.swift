import Foundation
import SpeechEngine
import SpeechStore
import Synchronization
import Testing

@testable import SpeechServer

/// The wire of Gradio's clients, as they speak it; and what strangers try there.
struct GradioTests {
    private static let join = "/gradio_api/queue/join"

    /// Messages of a session's stream, to its end.
    private static func messages(_ server: TestServer, _ session: String = "s") async -> [[String: Any]] {
        let reply = await server.send("GET", "/gradio_api/queue/data?session_hash=\(session)")
        #expect(reply.status == 200 && reply.headers["content-type"] == "text/event-stream" && reply.isComplete)
        return reply.text.components(separatedBy: "\n\n").compactMap { block in
            guard block.hasPrefix("data: ") else { return nil }
            return try? JSONSerialization.jsonObject(with: Data(block.dropFirst(6).utf8)) as? [String: Any]
        }
    }

    private static func event(_ reply: RawClient.Reply) -> String { reply.json["event_id"] as? String ?? "" }

    /// Uploads bytes as a file.
    private static func upload(_ server: TestServer, _ bytes: [UInt8], name: String = "voice.wav") async
        -> RawClient.Reply
    {
        var form = TestForm()
        form.add("files", file: bytes, called: name)
        return await server.send("/gradio_api/upload", form)
    }

    private static func path(_ reply: RawClient.Reply) -> String {
        (try? JSONSerialization.jsonObject(with: Data(reply.body)) as? [String])?.first ?? ""
    }

    @Test func thePageIsDescribed() async throws {
        try await TestServer.run { server in
            let config = await server.send("GET", "/config")
            #expect(config.status == 200 && config.json["protocol"] as? String == "sse_v3")
            let functions = config.json["dependencies"] as? [[String: Any]] ?? []
            #expect(functions.map { $0["api_name"] as? String } == ["generate", "prompt_wav_recognition"])
            #expect((functions[0]["inputs"] as? [Int])?.count == 7)
            let components = (config.json["components"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? Int }
            #expect(functions.allSatisfy { Set($0["inputs"] as? [Int] ?? []).isSubset(of: components) })
            let info = await server.send("GET", "/gradio_api/info?serialize=False")
            let generate = (info.json["named_endpoints"] as? [String: Any])?["/generate"] as? [String: Any]
            let names = (generate?["parameters"] as? [[String: Any]])?.compactMap { $0["parameter_name"] as? String }
            #expect(
                names == [
                    "text_input", "prompt_wav_path_input", "prompt_text_input", "cfg_value_input",
                    "inference_timesteps_input", "do_normalize", "denoise",
                ])
        }
    }

    @Test func aCallIsSpokenAndItsFileFetched() async throws {
        try await TestServer.run { server in
            let joined = await server.post(
                Self.join,
                #"{"data":["Hello.",null,"",1.5,6,true,true],"fn_index":0,"session_hash":"s","event_data":null}"#)
            #expect(joined.status == 200)
            let messages = await Self.messages(server)
            #expect(messages.last?["msg"] as? String == "close_stream")
            #expect(messages.contains { $0["msg"] as? String == "log" }, "what is not done is told")
            let done = try #require(messages.first { $0["msg"] as? String == "process_completed" })
            #expect(done["event_id"] as? String == Self.event(joined) && done["success"] as? Bool == true)
            let file = try #require(((done["output"] as? [String: Any])?["data"] as? [[String: Any]])?.first)
            #expect((file["meta"] as? [String: Any])?["_type"] as? String == "gradio.FileData")
            let path = try #require(file["path"] as? String)
            let sound = await server.send("GET", "/gradio_api/file=\(path)")
            #expect(sound.status == 200 && sound.headers["content-type"] == "audio/wav")
            #expect(sound.body.starts(with: Array("RIFF".utf8)) && sound.body.count == file["size"] as? Int)
            #expect(sound.headers["x-ai-generated"] == "true")
            let request = try #require(server.engine.state.withLock { $0.requests.first })
            #expect(request.cfg == 1.5 && request.steps == 6 && request.text == "Hello." && request.spellsOut)
        }
    }

    @Test func aRecordingIsSpokenLike() async throws {
        try await TestServer.run { server in
            let uploaded = await Self.upload(server, try TestSound.wav(seconds: 2), name: "../../etc/passwd")
            let path = Self.path(uploaded)
            #expect(uploaded.status == 200 && path.count == 36 && !path.contains("/"))
            let file = #"{"path":"\#(path)","orig_name":"voice.wav","meta":{"_type":"gradio.FileData"}}"#
            _ = await server.post(
                Self.join, #"{"data":["Hello.",\#(file),"What is said."],"fn_index":0,"session_hash":"s"}"#)
            let messages = await Self.messages(server)
            #expect(messages.contains { $0["success"] as? Bool == true })
            let recording = try #require(server.engine.state.withLock { $0.recordings.first })
            #expect(recording.count == 32_000 && recording.transcript == "What is said.")
            guard case .prompt? = server.engine.state.withLock({ $0.requests.first?.voice }) else {
                Issue.record("the voice is another")
                return
            }
        }
    }

    @Test(arguments: [
        (#"[""]"#, "enter text"), (#"["Hello.",null,"A lone transcript."]"#, "no prompt audio"),
        (#"["Hello.",{"path":"x"},""]"#, "no prompt text"), (#"["Hello.",{"path":"/etc/passwd"},"a"]"#, "not here"),
        (#"["Hello.",{"path":"http://127.0.0.1/x"},"a"]"#, "not here"),
        (#"["Hello.",{"path":"../../x","url":"file:///etc/passwd"},"a"]"#, "not here"),
        (#"["Hello.","/etc/passwd","a"]"#, "must be a file"), (#"[7]"#, "must be a text"),
        (#"["a",null,"",900]"#, "0 to 100"), (#"["a",null,"",2,"ten"]"#, "1 to 1000"),
        (#"["a",null,"",2,10,1]"#, "true or false"), (#"["a",null,"",2,10,true,false,1]"#, "seven inputs"),
        (#"{"text":"a"}"#, "list"),
    ])
    func errorsArriveAsErrors(data: String, words: String) async throws {
        try await TestServer.run { server in
            let joined = await server.post(Self.join, #"{"data":\#(data),"fn_index":0,"session_hash":"s"}"#)
            #expect(joined.status == 200)
            let messages = await Self.messages(server)
            let done = try #require(messages.first { $0["msg"] as? String == "process_completed" })
            #expect(done["success"] as? Bool == false)
            let message = (done["output"] as? [String: Any])?["error"] as? String ?? ""
            #expect(message.contains(words), "\(message)")
            #expect(messages.last?["msg"] as? String == "close_stream")
            #expect(server.engine.state.withLock { $0.requests.isEmpty })
        }
    }

    @Test func noRoomIsTheAnswer() async throws {
        try await TestServer.run(FakeEngine { $0.refusal = .queueFull(capacity: 1, retryAfter: .seconds(4)) }) {
            server in
            let joined = await server.post(Self.join, #"{"data":["Hello."],"fn_index":0,"session_hash":"s"}"#)
            #expect(joined.status == 503 && joined.headers["retry-after"] == "4")
        }
    }

    @Test func simpleCallsWork() async throws {
        try await TestServer.run { server in
            let event = Self.event(await server.post("/gradio_api/call/generate", #"{"data":["Hello."]}"#))
            let spoken = await server.send("GET", "/gradio_api/call/generate/\(event)")
            #expect(spoken.text.hasPrefix("event: complete\ndata: [{") && spoken.isComplete)
            let failed = Self.event(await server.post("/gradio_api/call/generate", #"{"data":[""]}"#))
            let told = await server.send("GET", "/gradio_api/call/generate/\(failed)").text
            #expect(told.hasPrefix("event: error\ndata: {\"error\":"))
            let none = Self.event(await server.post("/gradio_api/call/prompt_wav_recognition", #"{"data":[null]}"#))
            #expect(await server.send("GET", "/gradio_api/call/generate/\(none)").text.hasPrefix("event: error"))
            #expect(await server.send("GET", "/gradio_api/call/generate/unknown").text.contains("404: Not Found"))
            #expect(await server.post("/gradio_api/call/nothing", #"{"data":[]}"#).status == 404)
        }
    }

    @Test(arguments: ["cancel", "reset"]) func cancellingEndsTheSpeech(path: String) async throws {
        let engine = FakeEngine {
            $0.patches = 1000
            $0.pace = .milliseconds(10)
        }
        try await TestServer.run(engine) { server in
            let event = Self.event(
                await server.post(Self.join, #"{"data":["A long story."],"fn_index":0,"session_hash":"s"}"#))
            #expect(await TestServer.eventually { engine.state.withLock { $0.underWay } == 1 })
            let body = #"{"event_id":"\#(event)","session_hash":"s","fn_index":0}"#
            #expect(await server.post("/gradio_api/\(path)", body).json["success"] as? Bool == true)
            #expect(await TestServer.eventually { engine.state.withLock { $0.cancelled } == [.readerGone] })
            let messages = await Self.messages(server)
            #expect(messages.contains { $0["success"] as? Bool == false })
        }
    }

    @Test func aClientThatGoesEndsItsCalls() async throws {
        let engine = FakeEngine {
            $0.patches = 1000
            $0.pace = .milliseconds(10)
        }
        try await TestServer.run(engine) { server in
            for _ in 0..<2 {
                _ = await server.post(Self.join, #"{"data":["A long story."],"fn_index":0,"session_hash":"s"}"#)
            }
            let client = server.client()
            client.send(TestServer.head("GET", "/gradio_api/queue/data?session_hash=s", [:]))
            _ = await client.read { RawClient.parse($0).status == 200 }
            client.hangUp()
            #expect(await TestServer.eventually { engine.state.withLock { $0.cancelled.count } == 2 })
        }
    }

    @Test func onlyRecordingsAreTaken() async throws {
        try await TestServer.run(FakeEngine(), { $0.limits.recordingBytes = 100_000 }) { server in
            for bytes in [Array("<svg onload=alert(1)>".utf8), [], Array("RIFF....WAVEfmt ".utf8), [0xFF, 0xFB, 0, 0]] {
                let reply = await Self.upload(server, bytes)
                #expect((400..<500).contains(reply.status) && reply.errorCode != nil)
            }
            let large = await Self.upload(server, Array(repeating: 0, count: 200_000))
            #expect(large.status == 413)
            let client = server.client()
            client.send(
                TestServer.head("POST", "/gradio_api/upload", TestForm.headers, length: 9_000_000_000))
            #expect(await client.reply().status == 413)
            #expect(await server.post("/gradio_api/upload", "{}").status == 415)
        }
    }

    @Test(arguments: [
        "/etc/passwd", "..%2f..%2fetc%2fpasswd", "%00", "http://127.0.0.1/", "unknown.wav", "C:\\windows\\win.ini",
    ])
    func noOtherFileIsGiven(path: String) async throws {
        try await TestServer.run { server in
            #expect([400, 404].contains(await server.send("GET", "/gradio_api/file=\(path)").status))
        }
    }

    @Test func filesAndSessionsBelongToTheirKey() async throws {
        try await TestServer.run(FakeEngine(), { $0.keys = GivenKeys(["one", "two"]) }) { server in
            let mine = ["X-API-Key": "one"]
            let theirs = ["X-API-Key": "two"]
            _ = await server.post(Self.join, #"{"data":["Hello."],"fn_index":0,"session_hash":"s"}"#, mine)
            let stream = "/gradio_api/queue/data?session_hash=s"
            #expect(await server.send("GET", stream, theirs).status == 404)
            #expect(await server.send("GET", "/config").status == 401)
            let text = await server.send("GET", stream, mine).text
            let path = try #require(text.firstMatch(of: /"path":"([0-9a-f]+\.wav)"/)?.1)
            #expect(await server.send("GET", "/gradio_api/file=\(path)", theirs).status == 404)
            #expect(await server.send("GET", "/gradio_api/file=\(path)", mine).status == 200)
        }
    }

    @Test func theLimitsOfAKeyCountCalls() async throws {
        let engine = FakeEngine { $0.heldFrom = 0 }
        try await TestServer.withStore(engine, { $0.keys = GivenKeys() }) { server, store in
            let (_, secret) = try await store.addKey(
                name: "narrow", limits: KeyLimits(concurrentRequests: 1, charactersPerMinute: 20), isAdmin: false)
            let key = ["Authorization": "Bearer \(secret)"]
            let json = #"{"data":["Hello."],"fn_index":0,"session_hash":"s"}"#
            #expect(await server.post(Self.join, json, key).status == 200)
            let second = await server.post(Self.join, json, key)
            #expect(second.status == 429 && second.errorCode == "rate_limit_exceeded")
            let long = #"{"data":["Hello. And this is too much."],"fn_index":0,"session_hash":"s"}"#
            #expect(await server.post(Self.join, long, key).status == 200, "what never has room is the call's error")
            engine.state.withLock { $0.heldFrom = nil }
            let told = await server.send("GET", "/gradio_api/queue/data?session_hash=s", key).text
            #expect(told.contains("This key may have 20 characters") && told.contains(#""success":true"#))
            #expect(engine.state.withLock { $0.requests.count } == 1)
        }
    }

    @Test func sessionsAreNamedSanely() async throws {
        try await TestServer.run { server in
            #expect(await server.send("GET", "/gradio_api/queue/data").status == 400)
            #expect(await server.send("GET", "/gradio_api/queue/data?session_hash=nobody").status == 404)
            #expect(await server.post(Self.join, #"{"data":["a"],"session_hash":"s"}"#).status == 400)
            #expect(await server.post(Self.join, #"{"data":["a"],"fn_index":9,"session_hash":"s"}"#).status == 400)
            let long = String(repeating: "x", count: 101)
            #expect(
                await server.post(Self.join, #"{"data":["a"],"fn_index":0,"session_hash":"\#(long)"}"#).status == 400)
        }
    }

    @Test func waitingReadersHearHeartbeats() async throws {
        let engine = FakeEngine { $0.heldFrom = 0 }
        try await TestServer.run(engine, { $0.limits.heartbeatTime = .milliseconds(20) }) { server in
            _ = await server.post(Self.join, #"{"data":["Hello."],"fn_index":0,"session_hash":"s"}"#)
            let client = server.client()
            client.send(TestServer.head("GET", "/gradio_api/queue/data?session_hash=s", [:]))
            let early = await client.read { RawClient.parse($0).text.contains("heartbeat") }
            #expect(RawClient.parse(early).text.contains(#"data: {"msg":"heartbeat"}"#))
            engine.state.withLock { $0.heldFrom = nil }
            let rest = await client.read { String(decoding: $0, as: UTF8.self).contains("close_stream") }
            #expect(String(decoding: rest, as: UTF8.self).contains("process_completed"))
        }
    }

    @Test func callsAreKeptAsOtherSpeechIs() async throws {
        try await TestServer.withStore(FakeEngine(), { $0.keys = GivenKeys() }) { server, store in
            let (key, secret) = try await store.addKey(name: "one", limits: KeyLimits(), isAdmin: false)
            let headers = ["Authorization": "Bearer \(secret)"]
            func speak(_ text: String) async -> String {
                let call = await server.post("/gradio_api/call/generate", #"{"data":["\#(text)"]}"#, headers)
                return await server.send("GET", "/gradio_api/call/generate/\(Self.event(call))", headers).text
            }
            #expect(await speak("Hello.").hasPrefix("event: complete"))
            try await store.changeSettings { $0.keepsHistory = false }
            #expect(await speak("A secret.").hasPrefix("event: complete"))
            let kept = try await store.history(owner: key.id, before: nil, limit: 9)
            #expect(kept.map(\.text) == ["Hello."] && kept.first?.model == "fake")
        }
    }

    /// Boxes are few, and nobody takes them all.
    @Test func oneOwnerDoesNotTakeTheRoomOfOthers() throws {
        let desk = GradioDesk(boxLimit: 4, ownerLimit: 2)
        let wait: @Sendable () async -> GradioMessage = {
            try? await Task.sleep(for: .seconds(30))
            return .heartbeat
        }
        for name in ["a", "b"] { desk.begin(name, of: "greedy", try desk.makeBox(name, of: "greedy"), wait) }
        #expect(throws: APIError.self) { try desk.makeBox("c", of: "greedy") }
        for name in ["a", "b"] { _ = try desk.makeBox(name, of: "modest") }
        // Boxes without calls make room for new ones, of the same owner and of others.
        _ = try desk.makeBox("c", of: "modest")
        #expect(["a", "b", "c"].count { desk.box($0, of: "modest") != nil } == 2 && desk.box("c", of: "modest") != nil)
        _ = try desk.makeBox("a", of: "late")
        #expect(desk.box("a", of: "late") != nil && desk.box("a", of: "greedy") != nil)
        desk.abandon("a", of: "greedy")
        _ = try desk.makeBox("c", of: "greedy")
        desk.abandon("b", of: "greedy")
    }

    /// What is old goes, and what does not fit.
    @Test func filesDoNotStayForEver() throws {
        let short = GradioShelf(time: .zero)
        let id = short.keep(GradioFile(owner: "a", content: .speech([1])))
        #expect(short.file(id, of: "a") == nil)
        let small = GradioShelf(byteLimit: 250)
        let ids = (0..<3).map { _ in
            small.keep(GradioFile(owner: "a", content: .speech(Array(repeating: 1, count: 100))))
        }
        #expect(ids.map { small.file($0, of: "a") != nil } == [false, true, true])
    }
}
