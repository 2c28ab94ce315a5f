import Archives
import Foundation
import SpeechEngine
import SpeechStore
import Synchronization
import TestSupport
import Testing

@testable import SpeechServer

/// Voices that people save.
struct VoiceStoreTests {
    private static let transcript = "These words are said in about three seconds of time."

    private static func form(
        name: String = "Ada", transcript: String = transcript, consent: String? = "Ada agreed in writing.",
        audio: [UInt8], more: [String: String] = [:]
    ) -> TestForm {
        var form = TestForm()
        form.add("name", name)
        form.add("transcript", transcript)
        if let consent { form.add("consent", consent) }
        for (name, value) in more { form.add(name, value) }
        form.add("audio", file: audio)
        return form
    }

    @Test func aVoiceIsSavedSpokenWithAndRemoved() async throws {
        try await TestServer.withStore { server, store in
            let saved = await server.send("/api/v1/voices", Self.form(audio: try TestSound.wav(seconds: 4)))
            #expect(saved.status == 201 && saved.json["kind"] as? String == "own", "\(saved.text)")
            let id = try #require(saved.json["id"] as? String)
            for voice in [id, "Ada", "ada"] {
                let spoken = await server.post("/api/v1/speech", #"{"text":"a","voice":"\#(voice)"}"#)
                #expect(spoken.status == 200, "\(voice)")
            }
            #expect(
                await server.post(
                    "/v1/audio/speech",
                    #"{"model":"tts-1","input":"a","voice":{"id":"\#(id)"},"response_format":"wav"}"#
                ).status == 200)
            #expect(server.engine.state.withLock { $0.encoded } == 1, "encoded once, then kept for the model")
            let prompts = server.engine.state.withLock { $0.requests.map(\.voice) }
            #expect(
                prompts.allSatisfy {
                    if case .prompt(let prompt) = $0 { prompt.text == Self.transcript } else { false }
                })
            let listed = await server.send("GET", "/v1/audio/voices").text
            #expect(listed.contains("\"Ada\"") && listed.contains(id))
            #expect(await server.send("GET", "/api/v1/voices/\(id)/preview").body.starts(with: Array("RIFF".utf8)))
            let entries = try await store.history(owner: nil, before: nil, limit: 10)
            #expect(entries.count == 4 && entries.allSatisfy { $0.voiceName == "Ada" })

            let renamed = await server.send(
                "PATCH", "/api/v1/voices/\(id)", ["Content-Type": "application/json"], body: #"{"name":"Grace"}"#)
            #expect(renamed.json["name"] as? String == "Grace")
            #expect(await server.send("DELETE", "/api/v1/voices/\(id)").json["deleted"] as? Bool == true)
            #expect(await server.send("GET", "/api/v1/voices/\(id)").status == 404)
            #expect(
                await server.post("/api/v1/speech", #"{"text":"a","voice":"Grace"}"#).errorCode == "voice_not_found")
            #expect(server.engine.state.withLock { $0.forgotten } == 1)
            #expect(try await store.history(owner: nil, before: nil, limit: 10).allSatisfy { $0.voiceName == nil })
        }
    }

    @Test func whatWillNotDoIsRefused() async throws {
        let engine = FakeEngine { $0.voices = [LoadedModel.Voice(name: "anna", description: "")] }
        try await TestServer.withStore(engine) { server, store in
            let good = try TestSound.wav(seconds: 4)
            for (form, code) in [
                (Self.form(consent: nil, audio: good), "consent_required"),
                (Self.form(consent: " ", audio: good), "consent_required"),
                (Self.form(name: "anna", audio: good), "name_taken"),
                (Self.form(name: "Alloy", audio: good), "name_taken"),
                (Self.form(name: "default", audio: good), "name_taken"),
                (Self.form(transcript: "...", audio: good), "transcript_empty"),
                (Self.form(transcript: String(repeating: "words ", count: 100), audio: good), "transcript_too_long"),
                (Self.form(audio: try TestSound.wav(seconds: 4, level: 0)), "silent"),
                (Self.form(audio: try TestSound.wav(seconds: 61)), "invalid_audio"),
                (Self.form(audio: Array("<svg onload=alert(1)>".utf8)), "invalid_audio"),
                (Self.form(audio: Array(good.prefix(20))), "invalid_audio"),
                (Self.form(audio: []), "empty_file"),
                (Self.form(audio: good, more: ["trim": "perhaps"]), "invalid_type"),
                (Self.form(audio: good, more: ["path": "/etc/passwd"]), "unknown_parameter"),
            ] {
                let reply = await server.send("/api/v1/voices", form)
                #expect((400..<500).contains(reply.status) && reply.errorCode == code, "\(reply.text)")
            }
            #expect(try await store.voices().isEmpty)
            for path in ["preview", "export", ""] {
                for id in ["../../etc/passwd", "%2e%2e%2fpasswd", "00000000000000000000000000000000", "x"] {
                    let reply = await server.send("GET", "/api/v1/voices/\(id)" + (path.isEmpty ? "" : "/" + path))
                    #expect(reply.status == 404 && reply.errorCode != nil)
                }
            }
            #expect(await server.send("DELETE", "/api/v1/voices/anna").errorCode == "built_in_voice")
        }
    }

    @Test func uploadsAreLimited() async throws {
        try await TestServer.withStore(FakeEngine(), { $0.limits.recordingBytes = 100_000 }) { server, _ in
            let reply = await server.send("/api/v1/voices", Self.form(audio: Array(repeating: 1, count: 200_000)))
            #expect(reply.status == 413)
            let json = await server.post("/api/v1/voices", "{}")
            #expect(json.status == 415)
        }
    }

    @Test func adviceIsPlain() async throws {
        try await TestServer.withStore { server, store in
            func check(_ audio: [UInt8], _ transcript: String) async -> [String: Any] {
                var form = TestForm()
                form.add("transcript", transcript)
                form.add("audio", file: audio)
                return await server.send("/api/v1/voices/check", form).json
            }
            func codes(_ json: [String: Any]) -> [String] {
                (json["advice"] as? [[String: Any]] ?? []).compactMap { $0["code"] as? String }
            }
            let fine = await check(try TestSound.wav(seconds: 4), Self.transcript)
            #expect(fine["is_usable"] as? Bool == true && codes(fine).isEmpty, "\(fine)")
            let short = await check(try TestSound.wav(seconds: 1), "Yes, it is so.")
            #expect(codes(short) == ["too_short"] && short["is_usable"] as? Bool == true)
            let late = await check(try TestSound.wav(seconds: 4, silentHead: 2), Self.transcript)
            #expect(codes(late).contains("silent_head"))
            let trim = try #require(late["trim"] as? [String: Double])
            #expect(abs((trim["start_seconds"] ?? 0) - 1.9) < 0.05)
            #expect(codes(await check(try TestSound.wav(seconds: 4, level: 0.01), Self.transcript)).contains("quiet"))
            #expect(codes(await check(try TestSound.wav(seconds: 4, level: 9), Self.transcript)).contains("clipped"))
            let long = await check(try TestSound.wav(seconds: 3), String(repeating: "many words ", count: 40))
            #expect(codes(long) == ["transcript_too_long"] && long["is_usable"] as? Bool == false)
            #expect(try await store.voices().isEmpty, "nothing is kept by a check")
        }
    }

    @Test func silenceIsTrimmedOnWish() async throws {
        try await TestServer.withStore { server, store in
            let reply = await server.send(
                "/api/v1/voices", Self.form(audio: try TestSound.wav(seconds: 4, silentHead: 2), more: ["trim": "true"])
            )
            #expect(reply.status == 201)
            let id = reply.json["id"] as? String ?? ""
            let preview = await server.send("GET", "/api/v1/voices/\(id)/preview").body
            #expect(abs(Double(preview.count - 44) / 32_000 - 4.1) < 0.1)
            let kept = try #require(try await store.voice(named: "Ada")).reference
            for file in [preview, [UInt8](try Data(contentsOf: store.file(of: kept)))] {
                let wave = try #require(WaveBytes(file))
                #expect(wave.info.isEmpty, "a person's recording does not say that a machine spoke")
            }
        }
    }

    @Test func voicesTravel() async throws {
        try await TestServer.withStore { server, store in
            let saved = await server.send("/api/v1/voices", Self.form(audio: try TestSound.wav(seconds: 4)))
            let id = saved.json["id"] as? String ?? ""
            let file = await server.send("GET", "/api/v1/voices/\(id)/export")
            #expect(file.headers["content-type"] == "application/zip")
            let zip = ["Content-Type": "application/zip"]
            #expect(await server.send("POST", "/api/v1/voices/import", zip, bytes: file.body).status == 409)
            let arrived = await server.send("POST", "/api/v1/voices/import?name=Ada%20II", zip, bytes: file.body)
            #expect(arrived.status == 201 && arrived.json["name"] as? String == "Ada II")
            let entries = try ZipReader(maxEntries: 3, maxBytes: 1 << 20).read(file.body)
            // A recording that is none, with a digest that is right.
            let text = Array("RIFF, but no sound at all".utf8)
            let sheet = String(decoding: try #require(entries["voice.json"]), as: UTF8.self)
            let hash = try #require(sheet.firstMatch(of: /[0-9a-f]{64}/)).output
            let liar = try ZipWriter(seconds: 0)
            try liar.add("voice.json", Array(sheet.replacing(hash, with: Self.sha256(of: text)).utf8))
            try liar.add("reference.wav", text)
            try liar.finish()
            for bad in [Array("PK".utf8), file.body.dropLast(40).map { $0 }, liar.take()] {
                let reply = await server.send("POST", "/api/v1/voices/import?name=B", zip, bytes: bad)
                #expect(reply.status == 400 && reply.errorCode == "invalid_voice_file", "\(reply.text)")
            }
            #expect(await server.send("POST", "/api/v1/voices/import", bytes: file.body).status == 415)
            #expect(try await store.voices().map(\.name) == ["Ada", "Ada II"])
        }
    }

    /// By the program that every system has.
    private static func sha256(of bytes: [UInt8]) throws -> String {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(bytes).write(to: file)
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sha256sum", file.path]
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return String(text.prefix(64))
    }

    @Test func openAIsCustomVoicesLeadToTheSamePlace() async throws {
        try await TestServer.withStore { server, store in
            let audio = try TestSound.wav(seconds: 4)
            var consent = TestForm()
            consent.add("name", "Ada's consent")
            consent.add("language", "en-US")
            consent.add("recording", file: audio)
            let kept = await server.send("/v1/audio/voice_consents", consent)
            let id = try #require(kept.json["id"] as? String)
            #expect(
                kept.status == 200 && id.hasPrefix("cons_") && kept.json["object"] as? String == "audio.voice_consent")
            func voice(_ consent: String, transcript: String?) -> TestForm {
                var form = TestForm()
                form.add("name", "Ada")
                form.add("consent", consent)
                if let transcript { form.add("transcript", transcript) }
                form.add("audio_sample", file: audio)
                return form
            }
            #expect(await server.send("/v1/audio/voices", voice("cons_no", transcript: "x")).status == 404)
            let missing = await server.send("/v1/audio/voices", voice(id, transcript: nil))
            #expect(missing.status == 400 && missing.text.contains("transcript"))
            let made = await server.send("/v1/audio/voices", voice(id, transcript: Self.transcript))
            #expect(made.json["object"] as? String == "audio.voice", "\(made.text)")
            #expect(try await store.voice(named: "Ada")?.consent.contains("Ada's consent") == true)
            #expect(await server.send("DELETE", "/v1/audio/voice_consents/\(id)").status == 409, "a voice rests on it")
            let voiceID = made.json["id"] as? String ?? ""
            #expect(await server.send("DELETE", "/api/v1/voices/\(voiceID)").status == 200)
            #expect(await server.send("DELETE", "/v1/audio/voice_consents/\(id)").status == 200)
            #expect(try await store.consents().isEmpty)
        }
    }

    @Test func aVoiceForOneRequestIsNotKept() async throws {
        try await TestServer.withStore { server, store in
            var form = TestForm()
            form.add("text", "Say this.")
            form.add("format", "wav")
            form.add("seed", "7")
            form.add("prompt_text", Self.transcript)
            form.add("prompt_audio", file: try TestSound.wav(seconds: 4, rateHz: 22_050), called: "../../x.html")
            #expect(await server.send("/api/v1/speech", form).status == 200)
            let request = try #require(server.engine.state.withLock { $0.requests.last })
            #expect(request.seed == 7)
            guard case .prompt(let prompt) = request.voice else {
                Issue.record("no prompt")
                return
            }
            #expect(abs(prompt.latentValues[0] - 64_000) < 100, "brought to the model's rate")
            #expect(try await store.voices().isEmpty)
            form.add("voice", "alloy")
            #expect(await server.send("/api/v1/speech", form).status == 400)
        }
    }
}
