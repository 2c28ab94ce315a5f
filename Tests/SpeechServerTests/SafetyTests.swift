import Foundation
import SpeechEngine
import SpeechStore
import Synchronization
import Testing

@testable import SpeechServer

/// What strangers try.
struct SafetyTests {
    private static let speech = #"{"model":"fake","voice":"alloy","input":"a","response_format":"wav"}"#

    @Test(arguments: [
        ("localhost", 200), ("LOCALHOST:6006", 200), ("127.0.0.1:6006", 200), ("[::1]:6006", 200), ("192.168.1.7", 200),
        ("speech.example", 200), ("evil.example", 403), ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
    ])
    func onlyKnownNamesAreAnswered(host: String, status: Int) async throws {
        try await TestServer.run(FakeEngine(), { $0.hostNames = ["speech.example"] }) { server in
            #expect(await server.send("GET", "/v1/models", ["Host": host]).status == status)
        }
    }

    @Test(arguments: [
        ("http://localhost:6006", 200), ("https://localhost:6006", 200), ("http://localhost", 403), ("null", 403),
        ("http://evil.example", 403), ("file://", 403), ("https://friend.example", 200),
    ])
    func onlyOwnPagesMaySpeak(origin: String, status: Int) async throws {
        try await TestServer.run(FakeEngine(), { $0.origins = ["https://friend.example"] }) { server in
            let reply = await server.post(
                "/v1/audio/speech", Self.speech, ["Host": "localhost:6006", "Origin": origin])
            #expect(reply.status == status)
            let isFriend = origin == "https://friend.example"
            #expect(reply.headers["access-control-allow-origin"] == (isFriend ? origin : nil))
            let preflight = await server.send(
                "OPTIONS", "/v1/audio/speech", ["Host": "localhost:6006", "Origin": origin])
            #expect((preflight.status == 204) == isFriend)
        }
    }

    @Test func keysAreAskedFor() async throws {
        let key = "a-key-that-nobody-guesses"
        try await TestServer.run(FakeEngine(), { $0.keys = GivenKeys(["another-key", key]) }) { server in
            for headers in [
                [:], ["Authorization": "Bearer wrong"], ["Authorization": "Bearer \(key)x"],
                ["Authorization": "Bearer \(key.dropLast())"], ["Authorization": "Basic \(key)"], ["X-API-Key": "no"],
            ] {
                let reply = await server.post("/v1/audio/speech", Self.speech, headers)
                #expect(reply.status == 401 && reply.headers["www-authenticate"] == "Bearer")
                #expect((reply.json["error"] as? [String: Any])?["type"] as? String == "authentication_error")
            }
            for headers in [["Authorization": "Bearer \(key)"], ["authorization": "bearer \(key)"], ["X-API-Key": key]]
            {
                #expect(await server.post("/v1/audio/speech", Self.speech, headers).status == 200)
            }
            #expect(server.engine.state.withLock { Set($0.requests.map(\.owner)) } == ["given-key-2"])
            #expect(await server.send("GET", "/health/live").status == 200)
            #expect(await server.send("GET", "/metrics").status == 401)
            let form = ["Content-Type": "application/x-www-form-urlencoded"]
            #expect(await server.post("/tts", "text=a", form).status == 401)
            #expect(await server.post("/tts", "text=a&api_key=\(key)", form).status == 200)
        }
    }

    @Test func bodiesAreLimitedBeforeAndWhileReading() async throws {
        try await TestServer.run(FakeEngine(), { $0.limits.bodyBytes = 1000 }) { server in
            let announced = server.client()
            announced.send(
                TestServer.head(
                    "POST", "/v1/audio/speech", ["Content-Type": "application/json"], length: 9_000_000_000))
            let refused = await announced.reply()
            #expect(refused.status == 413 && refused.errorCode == "body_too_large")
            #expect(refused.headers["connection"] == "close")
            let streamed = server.client()
            streamed.send(
                TestServer.head(
                    "POST", "/v1/audio/speech", ["Content-Type": "application/json", "Transfer-Encoding": "chunked"]))
            for _ in 0..<10 { streamed.send("200\r\n" + String(repeating: "x", count: 512) + "\r\n") }
            #expect(await streamed.reply().status == 413)
        }
    }

    @Test func slowBodiesAreGivenUp() async throws {
        try await TestServer.run(FakeEngine(), { $0.limits.bodyTime = .milliseconds(100) }) { server in
            let slow = server.client()
            slow.send(
                TestServer.head("POST", "/v1/audio/speech", ["Content-Type": "application/json"], length: 100) + "{")
            #expect(await slow.reply().status == 408)
        }
    }

    @Test(arguments: [
        ("GET", "/nothing", 404), ("GET", "/../etc/passwd", 404), ("GET", "/%2e%2e/etc/passwd", 404),
        ("GET", "/v1/audio/speech", 405), ("DELETE", "/v1/models", 405), ("PATCH", "/", 405),
        ("POST", "/studio/main.js", 405),
    ])
    func wrongPathsAreToldInOpenAIsShape(method: String, path: String, status: Int) async throws {
        try await TestServer.run { server in
            let reply = await server.send(method, path)
            #expect(reply.status == status && reply.errorCode != nil)
            #expect((reply.headers["allow"] != nil) == (status == 405))
        }
    }

    @Test(arguments: ["text/plain", "application/x-www-form-urlencoded", ""])
    func onlyJSONIsTakenForJSON(type: String) async throws {
        try await TestServer.run { server in
            let reply = await server.send("POST", "/v1/audio/speech", ["Content-Type": type], body: Self.speech)
            #expect(reply.status == 415)
        }
    }

    /// Each of these must be refused, and nothing of it may become a second request.
    @Test(arguments: [
        "POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nA B: c\r\n\r\n", "GARBAGE\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "y", count: 40_000))\r\n\r\n",
    ])
    func smugglersAreRefused(request: String) async throws {
        try await TestServer.run { server in
            let client = server.client()
            client.send(request)
            let status = await client.reply().status
            #expect((400..<500).contains(status) || status == 0)
            #expect(await server.send("GET", "/health/live").status == 200)
        }
    }

    @Test func everyAnswerKeepsBrowsersFromMischief() async throws {
        try await TestServer.run { server in
            for path in ["/", "/v1/models", "/nothing"] {
                let headers = await server.send("GET", path, ["X-Request-Id": "mine-1"]).headers
                #expect(headers["x-content-type-options"] == "nosniff")
                #expect(headers["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
                #expect(headers["content-security-policy"]?.contains("unsafe") == false)
                #expect(headers["x-request-id"] == "mine-1")
            }
            let foreign = await server.send("GET", "/", ["X-Request-Id": "<script>"]).headers["x-request-id"]
            #expect(foreign?.hasPrefix("req-") == true)
        }
    }
}
