import AudioIO
import Foundation
import SpeechEngine
import Synchronization
import TestSupport
import Testing

@testable import SpeechServer

/// What OpenAI's clients send and read.
struct OpenAITests {
    private static let path = "/v1/audio/speech"
    private static let whole = (0..<5).flatMap { FakeEngine.patch($0) }

    @Test func aWaveFileHasTrueLengths() async throws {
        try await TestServer.run { server in
            let reply = await server.post(
                Self.path, #"{"model":"fake","voice":"alloy","input":"Good morning.","response_format":"wav"}"#)
            #expect(reply.status == 200)
            #expect(reply.headers["content-type"] == "audio/wav")
            #expect(reply.headers["content-length"] == "\(reply.body.count)")
            #expect(reply.headers["x-ai-generated"] == "true")
            #expect(reply.headers["x-audio-sample-rate"] == "16000")
            #expect(reply.headers["x-mynah-seed"] == "1")
            let wave = try #require(WaveBytes(reply.body))
            #expect(reply.body.count == wave.soundStart + 2 * Self.whole.count)
            #expect(wave.info["ICMT"]?.contains("AI-generated") == true)
            let size = reply.body[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
            #expect(size == reply.body.count - 8)
            #expect(server.engine.state.withLock { $0.requests.first?.heldBackSeconds } == .infinity)
        }
    }

    @Test func soundLeavesWhileItIsMade() async throws {
        let engine = FakeEngine { $0.heldFrom = 1 }
        try await TestServer.run(engine) { server in
            let client = server.client()
            let json = #"{"model":"fake","voice":"x","input":"a","response_format":"pcm"}"#
                .replacing("\"x\"", with: "{\"id\":\"nova\"}")
            client.send(
                TestServer.head("POST", Self.path, ["Content-Type": "application/json"], length: json.utf8.count) + json
            )
            let first = RawClient.parse(await client.read { !RawClient.parse($0).body.isEmpty })
            #expect(first.status == 200 && !first.isComplete)
            #expect(first.headers["transfer-encoding"] == "chunked")
            #expect(engine.state.withLock { $0.underWay } == 1, "the first sound came when all was spoken")
            engine.state.withLock { $0.heldFrom = nil }
            let all = await server.post(Self.path, json)
            #expect(all.isComplete && all.body.count == 2 * Self.whole.count)
        }
    }

    @Test func bareSamplesHaveTheRateThatOpenAIsClientsExpect() async throws {
        try await TestServer.run { server in
            let reply = await server.post(
                Self.path, #"{"model":"tts-1","voice":"alloy","input":"a","response_format":"pcm"}"#)
            #expect(reply.headers["x-audio-sample-rate"] == "24000")
            #expect(abs(reply.body.count - 2 * Self.whole.count * 3 / 2) <= 64)
            let wished = await server.post(
                Self.path,
                #"{"model":"tts-1","voice":"alloy","input":"a","response_format":"wav","sample_rate":8000}"#)
            #expect(wished.headers["x-audio-sample-rate"] == "8000")
            let wave = try #require(WaveBytes(wished.body))
            #expect(abs(wished.body.count - wave.soundStart - Self.whole.count) <= 64)
        }
    }

    @Test(arguments: EncoderCatalog.encodable)
    func everyFormatIsDecodedToItsEnd(format: AudioFormat) async throws {
        try await TestServer.run { server in
            let reply = await server.post(
                Self.path,
                #"{"model":"fake","voice":"alloy","input":"a","response_format":"\#(format.rawValue)"}"#)
            #expect(reply.status == 200 && reply.isComplete)
            #expect(reply.headers["content-type"] == format.mediaType)
            guard format != .pcm else { return }
            let sound = try AudioFile.readMono(bytes: reply.body, named: "answer").samples
            let seconds = Double(Self.whole.count) / Double(FakeEngine.rate)
            #expect(abs(Double(sound.count) / Double(format.encodedRateHz(for: FakeEngine.rate)) - seconds) < 0.15)
        }
    }

    @Test func eventsHaveOpenAIsNames() async throws {
        try await TestServer.run { server in
            let reply = await server.post(
                Self.path,
                #"{"model":"gpt-4o-mini-tts","voice":"alloy","input":"abcd","response_format":"pcm","sample_rate":16000,"stream_format":"sse","instructions":"softly"}"#
            )
            #expect(reply.headers["content-type"] == "text/event-stream")
            #expect(reply.headers["x-mynah-warning"]?.contains("instructions") == true)
            var sound: [UInt8] = []
            var names: [String] = []
            for event in reply.text.components(separatedBy: "\n\n") where !event.isEmpty {
                let lines = event.components(separatedBy: "\n")
                let json = try #require(
                    try JSONSerialization.jsonObject(with: Data(lines[1].dropFirst(6).utf8)) as? [String: Any])
                names.append(try #require(json["type"] as? String))
                #expect(lines[0] == "event: \(names.last ?? "")")
                if let audio = json["audio"] as? String { sound += try #require(Data(base64Encoded: audio)) }
                if let usage = json["usage"] as? [String: Int] {
                    #expect(usage == ["input_tokens": 4, "output_tokens": 5, "total_tokens": 9])
                }
            }
            #expect(Set(names.dropLast()) == ["speech.audio.delta"] && names.last == "speech.audio.done")
            #expect(sound.count == 2 * Self.whole.count)
        }
    }

    @Test func eventsTellOfAFailureInTheMiddle() async throws {
        try await TestServer.run(FakeEngine { $0.end = .failed(reason: "secret") }) { server in
            let reply = await server.post(
                Self.path,
                #"{"model":"fake","voice":"alloy","input":"a","response_format":"pcm","stream_format":"sse"}"#)
            #expect(reply.text.contains("event: speech.audio.error") && !reply.text.contains("speech.audio.done"))
            #expect(!reply.text.contains("secret"))
            let bare = await server.post(
                Self.path, #"{"model":"fake","voice":"alloy","input":"a","response_format":"pcm"}"#)
            #expect(bare.status == 200 && !bare.isComplete, "a stream that failed must not end like a good one")
            let whole = await server.post(
                Self.path, #"{"model":"fake","voice":"alloy","input":"a","response_format":"wav"}"#)
            #expect(whole.status == 500 && whole.errorCode == "engine_error")
        }
    }

    @Test(arguments: [
        (#"{"voice":"alloy","input":"a"}"#, 400, "missing_required_parameter", "model"),
        (#"{"model":"fake","voice":"alloy"}"#, 400, "missing_required_parameter", "input"),
        (#"{"model":"fake","voice":"alloy","input":" "}"#, 400, "empty_string", "input"),
        (#"{"model":"fake","voice":"alloy","input":7}"#, 400, "invalid_type", "input"),
        (#"{"model":"fake","voice":"nobody","input":"a"}"#, 400, "voice_not_found", "voice"),
        (#"{"model":"fake","voice":["a"],"input":"a"}"#, 400, "invalid_type", "voice"),
        (#"{"model":"whisper-1","voice":"alloy","input":"a"}"#, 404, "model_not_found", "model"),
        (
            #"{"model":"fake","voice":"alloy","input":"a","response_format":"aac"}"#, 400, "unsupported_format",
            "response_format"
        ),
        (#"{"model":"fake","voice":"alloy","input":"a","speed":5}"#, 400, "invalid_value", "speed"),
        (#"{"model":"fake","voice":"alloy","input":"a","speed":0.2}"#, 400, "invalid_value", "speed"),
        (#"{"model":"fake","voice":"alloy","input":"a","speed":"fast"}"#, 400, "invalid_type", "speed"),
        (#"{"model":"fake","voice":"alloy","input":"a","speed":9}"#, 400, "invalid_value", "speed"),
        (#"{"model":"fake","voice":"alloy","input":"a","stream_format":"x"}"#, 400, "invalid_value", "stream_format"),
        (#"{"model":"fake","voice":"alloy","input":"a","input":"b"}"#, 400, "invalid_json", ""),
        (#"{"model":"fake","#, 400, "invalid_json", ""),
        (#"[1]"#, 400, "invalid_json", ""),
        (String(repeating: "[", count: 5000), 400, "invalid_json", ""),
    ])
    func faultsHaveOpenAIsShape(json: String, status: Int, code: String, parameter: String) async throws {
        try await TestServer.run { server in
            let reply = await server.post(Self.path, json)
            let error = try #require(reply.json["error"] as? [String: Any])
            #expect(reply.status == status)
            #expect(error["code"] as? String == code)
            #expect(error["param"] as? String ?? "" == parameter)
            #expect(error["type"] as? String == "invalid_request_error")
            #expect((error["message"] as? String)?.isEmpty == false)
            #expect(server.engine.state.withLock { $0.requests.isEmpty })
        }
    }

    @Test(arguments: [
        (AdmissionError.queueFull(capacity: 4, retryAfter: .milliseconds(1200)), 503, "queue_full", "2"),
        (.ownerLimit(limit: 1, retryAfter: .seconds(9)), 429, "rate_limit_exceeded", "9"),
        (.loading(progress: 0.5, retryAfter: .seconds(3)), 503, "model_loading", "3"),
        (.draining(retryAfter: .seconds(30)), 503, "draining", "30"),
        (.unloaded, 503, "model_not_loaded", "10"),
        (.memory(positions: 9, plannedPositions: 4, bytesPerPosition: 1), 503, "memory_plan_exceeded", "10"),
        (.textTooLong(bytes: 9, limitBytes: 4), 413, "text_too_long", ""),
    ])
    func refusalsSayWhenToTryAgain(error: AdmissionError, status: Int, code: String, retryAfter: String) async throws {
        try await TestServer.run(FakeEngine { $0.refusal = error }) { server in
            let reply = await server.post(Self.path, #"{"model":"fake","voice":"alloy","input":"a"}"#)
            #expect(reply.status == status && reply.errorCode == code)
            #expect(reply.headers["retry-after"] ?? "" == retryAfter)
        }
    }

    /// Each dialect names the field by its own name.
    @Test(arguments: [
        (AdmissionError.textTooLong(bytes: 9, limitBytes: 4), "text", "input"),
        (.invalid(.text, value: "...", expected: "something to say"), "text", "input"),
        (.invalid(.maxSeconds, value: "9", expected: "less"), "max_seconds", "max_seconds"),
    ])
    func theFieldAtFaultIsNamed(error: AdmissionError, native: String, openAI: String) async throws {
        try await TestServer.run(FakeEngine { $0.refusal = error }) { server in
            for (path, json, name) in [
                ("/api/v1/speech", #"{"text":"a"}"#, native),
                (Self.path, #"{"model":"fake","voice":"alloy","input":"a"}"#, openAI),
            ] {
                let fault = await server.post(path, json).json["error"] as? [String: Any]
                #expect(fault?["param"] as? String == name)
            }
        }
    }

    @Test func modelsAndVoicesAreListed() async throws {
        let engine = FakeEngine {
            $0.voices = [.init(name: "anna", description: "calm"), .init(name: "bo", description: "")]
        }
        try await TestServer.run(engine) { server in
            for path in ["/v1/models", "/v1/audio/models"] {
                let list = try #require(await server.send("GET", path).json["data"] as? [[String: Any]])
                #expect(list.compactMap { $0["id"] as? String }.contains("fake"))
            }
            #expect(await server.send("GET", "/v1/models/tts-1").json["object"] as? String == "model")
            #expect(await server.send("GET", "/v1/models/none").status == 404)
            let voices = try #require(
                await server.send("GET", "/v1/audio/voices").json["voices"] as? [[String: Any]])
            #expect(voices.first?["id"] as? String == "anna" && voices.count == 15)
            for (name, meaning) in [("bo", "bo"), ("alloy", "anna"), ("ash", "bo"), ("ballad", "anna")] {
                let reply = await server.post(
                    Self.path, #"{"model":"fake","voice":"\#(name)","input":"a","response_format":"pcm"}"#)
                #expect(reply.status == 200)
                guard case .builtIn(let voice)? = engine.state.withLock({ $0.requests.last?.voice }) else {
                    Issue.record("\(name) chose no voice")
                    continue
                }
                #expect(voice == meaning)
            }
        }
    }
}
