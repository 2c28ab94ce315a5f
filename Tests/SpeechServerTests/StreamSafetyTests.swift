import Foundation
import SpeechEngine
import SpeechStore
import Synchronization
import Testing

@testable import SpeechServer

/// What strangers try over a WebSocket.
struct StreamSafetyTests {
    private static let ping: [UInt8] = Array("are you there".utf8)

    @Test(arguments: [
        ([:], 101), (["Host": "evil.example"], 403), (["Origin": "http://evil.example"], 403),
        (["Origin": "null"], 403), (["Origin": "http://localhost"], 101), (["Sec-WebSocket-Version": "8"], 426),
        (["Sec-WebSocket-Key": ""], 426), (["Upgrade": "", "Connection": ""], 426), (["Upgrade": "h2c"], 426),
    ])
    func onlyProperRequestsGetAStream(headers: [String: String], status: Int) async throws {
        try await TestServer.run { server in
            let client = await StreamClient(port: server.port, headers)
            #expect(client.answer.status == status)
            #expect(status == 101 || client.answer.errorCode != nil)
            if status == 426 { #expect(client.answer.headers["sec-websocket-version"] == "13") }
        }
    }

    @Test func otherPathsAreNoStreams() async throws {
        try await TestServer.run { server in
            #expect(await StreamClient(port: server.port, path: "/v1/models").answer.status == 200)
            #expect(await StreamClient(port: server.port, path: "/nothing").answer.status == 404)
            let client = server.client()
            // A connection that has carried another request is no stream any more.
            client.send(TestServer.head("GET", "/v1/models", [:]))
            #expect(await client.reply().status == 200)
        }
    }

    @Test func keysComeInHeadersSubprotocolsOrTheFirstMessage() async throws {
        let key = "a-key-that-nobody-guesses"
        try await TestServer.run(FakeEngine(), { $0.keys = GivenKeys([key]) }) { server in
            let port = server.port
            func speaks(_ client: StreamClient) async -> Bool {
                client.text("Hello.")
                client.done()
                return await client.frames(until: "session.done").outline.contains("binary")
            }
            #expect(await speaks(await StreamClient(port: port, ["Authorization": "Bearer \(key)"])))
            let asBrowser = await StreamClient(
                port: port, ["Sec-WebSocket-Protocol": "mynah.v1, mynah.key.\(key)"])
            #expect(asBrowser.answer.headers["sec-websocket-protocol"] == "mynah.v1")
            #expect(await speaks(asBrowser))
            let later = await StreamClient(port: port)
            later.configure(#""api_key":"\#(key)""#)
            #expect(await speaks(later))
            #expect(server.engine.state.withLock { Set($0.requests.map(\.owner)) } == ["given-key-1"])

            #expect(await StreamClient(port: port, ["Authorization": "Bearer wrong"]).answer.status == 401)
            let wrong = await StreamClient(port: port, ["Sec-WebSocket-Protocol": "mynah.v1, mynah.key.wrong"])
            #expect(wrong.answer.status == 401)
            for first in [#"{"type":"session.config","api_key":"wrong"}"#, #"{"type":"input.text","text":"Hello."}"#] {
                let client = await StreamClient(port: port)
                client.say(first)
                #expect(await client.frames(until: "error").last?["code"] as? String != nil)
                #expect(await client.goodbye() == 1008)
            }
        }
    }

    /// A stream may outlast its key, and what the key permits.
    @Test func keysAreAskedAgainForEachUtterance() async throws {
        try await TestServer.withStore(FakeEngine(), { $0.keys = GivenKeys() }) { server, store in
            func speak(_ client: StreamClient) async -> StreamClient.Frame? {
                client.text("Hello.")
                client.done()
                return await client.frames { $0.type == "error" || $0.type == "session.done" }.last
            }
            for isDeleted in [true, false] {
                let (key, secret) = try await store.addKey(name: "a", limits: KeyLimits(), isAdmin: false)
                let client = await StreamClient(port: server.port, ["Authorization": "Bearer \(secret)"])
                #expect(await speak(client)?["error"] as? Bool == false)
                _ = try await store.setLimits(KeyLimits(charactersPerMinute: 3), of: key.id)
                #expect(await speak(client)?["code"] as? String == "string_above_max_length")
                _ = await client.frames(until: "session.done")
                if isDeleted { try await store.deleteKey(key.id) } else { try await store.revokeKey(key.id) }
                #expect(await speak(client)?["code"] as? String == "invalid_api_key")
                #expect(await client.goodbye() == 1008)
            }
        }
    }

    @Test func aKeyThatDoesNotComeIsNotWaitedFor() async throws {
        try await TestServer.run(
            FakeEngine(),
            {
                $0.keys = GivenKeys(["a-key"])
                $0.limits.keyTime = .milliseconds(100)
            }
        ) { server in
            #expect(await StreamClient(port: server.port).goodbye() == 1008)
        }
    }

    @Test(arguments: [
        ("not json", "invalid_json"), ("[]", "invalid_json"), ("{}", "missing_required_parameter"),
        (#"{"type":7}"#, "invalid_type"), (#"{"type":"dance"}"#, "invalid_value"),
        (#"{"type":"input.text"}"#, "missing_required_parameter"), (#"{"type":"input.text","text":7}"#, "invalid_type"),
        (#"{"type":"session.config","voice":"nobody"}"#, "voice_not_found"),
        (#"{"type":"session.config","ref_audio":"http://127.0.0.1/secret"}"#, "unsupported_value"),
        (#"{"type":"session.config","ref_audio":"file:///etc/passwd"}"#, "unsupported_value"),
        (#"{"type":"session.config","respone_format":"wav"}"#, "unknown_parameter"),
        (#"{"type":"session.config","response_format":"aac"}"#, "unsupported_format"),
        (#"{"type":"session.config","seed":-1}"#, "invalid_value"),
        (#"{"type":"a","type":"b"}"#, "invalid_json"),
        (String(repeating: "[", count: 5000), "invalid_json"),
    ])
    func illFormedMessagesAreErrorsAndTheConnectionGoesOn(message: String, code: String) async throws {
        try await TestServer.run { server in
            let client = await StreamClient(port: server.port)
            client.say(message)
            #expect(await client.next()?["code"] as? String == code)
            client.text("Hello.")
            client.done()
            #expect(await client.frames(until: "session.done").outline.contains("binary"))
        }
    }

    @Test func settingsAreNotChangedUnderPendingText() async throws {
        try await TestServer.run { server in
            let client = await StreamClient(port: server.port)
            client.text("Hello")
            client.configure(#""response_format":"wav""#)
            #expect(await client.next()?["code"] as? String == "text_pending")
            client.done()
            #expect(
                await client.frames(until: "session.done").first { $0.type == "audio.start" }?["format"] as? String
                    == "pcm")
        }
    }

    @Test func textIsLimited() async throws {
        let engine = FakeEngine { $0.heldFrom = 0 }
        try await TestServer.run(engine, { $0.limits.textCharacters = 100 }) { server in
            let client = await StreamClient(port: server.port)
            for _ in 0..<6 { client.text("A sentence of words. ") }
            #expect(await client.frames(until: "error").last?["code"] as? String == "text_too_long")
            engine.state.withLock { $0.heldFrom = nil }
            client.say(#"{"type":"session.close"}"#)
            #expect(await client.goodbye() == 1000)
        }
    }

    /// Frames that are against the rules, and the code that the server leaves with.
    @Test func badFramesEndTheConnection() async throws {
        let cases: [(name: String, code: Int, (StreamClient) -> Void)] = [
            ("binary", 1003, { $0.send(0x2, [1, 2, 3]) }),
            ("not masked", 1002, { $0.send(0x1, Array("{}".utf8), isMasked: false) }),
            ("reserved bits", 1002, { $0.send(0x1, Array("{}".utf8), bits: 0x40) }),
            ("unknown kind", 1002, { $0.send(0x3, []) }),
            ("continues nothing", 1002, { $0.send(0x0, [65]) }),
            (
                "begins twice", 1002,
                {
                    $0.send(0x1, [65], isFinal: false); $0.send(0x1, [65])
                }
            ),
            ("ping in pieces", 1002, { $0.send(0x9, [65], isFinal: false) }),
            ("long ping", 1002, { $0.send(0x9, Array(repeating: 65, count: 126)) }),
            ("not UTF-8", 1007, { $0.send(0x1, [0xFF, 0xFE]) }),
            ("large frame", 1009, { $0.send(0x1, Array(repeating: 65, count: 20_000)) }),
            (
                "large message", 1009,
                { client in
                    for index in 0..<4 {
                        client.send(index == 0 ? 0x1 : 0x0, Array(repeating: 65, count: 9_000), isFinal: false)
                    }
                }
            ),
            ("bad goodbye", 1002, { $0.send(0x8, [3]) }), ("bad code", 1002, { $0.send(0x8, [3, 237]) }),
            ("goodbye", 1000, { $0.send(0x8, [3, 232, 98, 121, 101]) }),
            ("going away", 1001, { $0.send(0x8, [3, 233]) }),
        ]
        try await TestServer.run(FakeEngine(), { $0.limits.messageBytes = 16_384 }) { server in
            for (name, code, act) in cases {
                let client = await StreamClient(port: server.port)
                act(client)
                let seen = await client.goodbye()
                #expect(seen == code, "\(name): \(seen.map(String.init) ?? "nothing")")
            }
            #expect(await server.send("GET", "/health/live").status == 200)
        }
    }

    @Test func messagesMayComeInPiecesWithPingsBetween() async throws {
        try await TestServer.run { server in
            let client = await StreamClient(port: server.port)
            let message = Array(#"{"type":"input.text","text":"Grüß Gott."}"#.utf8)
            for (index, byte) in message.enumerated() {
                client.send(index == 0 ? 0x1 : 0x0, [byte], isFinal: index == message.count - 1)
                if index == 5 { client.send(0x9, Self.ping) }
            }
            #expect(await client.next() == .pong(Self.ping))
            client.done()
            let frames = await client.frames(until: "session.done")
            #expect(frames.first { $0.type == "audio.start" }?["sentence_text"] as? String == "Grüß Gott.")
        }
    }

    @Test func silentAndIdleClientsAreLetGo() async throws {
        try await TestServer.run(FakeEngine(), { $0.limits.pingTime = .milliseconds(100) }) { server in
            let client = await StreamClient(port: server.port)
            let frames = await client.frames { _ in false }
            #expect(frames.contains(.ping), "asked for a sign of life, and gave none")
        }
        try await TestServer.run(
            FakeEngine(),
            {
                $0.limits.streamIdleTime = .milliseconds(100)
                $0.limits.pingTime = .milliseconds(500)
            }
        ) { server in
            let client = await StreamClient(port: server.port)
            let frames = await client.frames { if case .close = $0 { true } else { false } }
            #expect(frames.first { $0.type == "error" }?["code"] as? String == "idle_timeout")
            #expect(frames.last == .close(1000))
        }
    }

    @Test func streamsAreCounted() async throws {
        try await TestServer.run(FakeEngine(), { $0.limits.streams = 1 }) { server in
            let first = await StreamClient(port: server.port)
            first.text("Hello.")
            first.done()
            _ = await first.frames(until: "session.done")
            let second = await StreamClient(port: server.port)
            #expect(second.answer.status == 503 && second.answer.errorCode == "too_many_streams")
            first.send(0x8, [3, 232])
            #expect(await first.goodbye() == 1000)
        }
    }

    /// A connection that sends nothing at all, or half a request, neither stays for ever nor holds up the end.
    @Test(.timeLimit(.minutes(5))) func connectionsWithoutARequestAreClosed() async throws {
        try await TestServer.run(FakeEngine(), { $0.limits.idleTime = .milliseconds(200) }) { server in
            let silent = server.client()
            #expect(await silent.read().isEmpty)
            let half = server.client()
            half.send("GET /v1/models HTTP/1.1\r\nHost: local")
            #expect(await half.read().isEmpty)
        }
        // Were it waited for, the test would not end before its limit.
        try await TestServer.run(FakeEngine(), { $0.drainTime = .seconds(600) }) { server in
            let silent = server.client()
            _ = await server.send("GET", "/health/live")
            server.stop()
            #expect(await silent.read().isEmpty)
        }
    }
}
