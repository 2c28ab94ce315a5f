import Foundation
import Logging
import SpeechStore
import Synchronization
import Testing

@testable import SpeechServer

/// A server on a free port, with a client for each request.
struct TestServer: Sendable {
    let port: Int
    let engine: FakeEngine
    /// Asks the server to stop.
    let stop: @Sendable () -> Void

    /// Runs a server as long as `body` does.
    static func run(
        _ engine: FakeEngine = FakeEngine(), _ change: (inout ServerConfiguration) -> Void = { _ in },
        store: LocalStore? = nil, logger: Logger = silent, body: (TestServer) async throws -> Void
    ) async throws {
        try await serve(engine, change, store: store, logger: logger) { port, stop in
            try await body(TestServer(port: port, engine: engine, stop: stop))
        }
    }

    /// The same with any source of speech.
    static func serve(
        _ source: any SpeechSource, _ change: (inout ServerConfiguration) -> Void = { _ in },
        store: LocalStore? = nil, models: (any ModelSwitching)? = nil, logger: Logger = silent,
        body: (Int, @escaping @Sendable () -> Void) async throws -> Void
    ) async throws {
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.drainTime = .seconds(5)
        change(&configuration)
        let server = try SpeechServer(configuration, source: source, store: store, models: models, logger: logger)
        let (ports, portSource) = AsyncStream<Int>.makeStream()
        let (stops, stopSource) = AsyncStream<Void>.makeStream()
        let running = Task {
            defer { portSource.finish() }
            try await server.run {
                portSource.yield($0)
            } until: {
                for await _ in stops { return }
            }
        }
        var iterator = ports.makeAsyncIterator()
        guard let port = await iterator.next() else { return try await running.value }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(port) { stopSource.finish() })
        } catch {
            result = .failure(error)
        }
        stopSource.finish()
        try await running.value
        try result.get()
    }

    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    func client() -> RawClient { RawClient(port: port) }

    /// Sends a request and reads its answer.
    func send(
        _ method: String, _ path: String, _ headers: [String: String] = [:], body: String? = nil
    ) async -> RawClient.Reply {
        let client = client()
        client.send(Self.head(method, path, headers, length: body?.utf8.count) + (body ?? ""))
        // An answer to HEAD tells the length of a body that does not follow.
        guard method == "HEAD" else { return await client.reply() }
        return RawClient.parse(await client.read { RawClient.parse($0).status != 0 })
    }

    /// Sends JSON and reads the answer.
    func post(_ path: String, _ json: String, _ headers: [String: String] = [:]) async -> RawClient.Reply {
        var headers = headers
        headers["Content-Type"] = headers["Content-Type"] ?? "application/json"
        return await send("POST", path, headers, body: json)
    }

    static func head(_ method: String, _ path: String, _ headers: [String: String], length: Int? = nil) -> String {
        var headers = headers
        headers["Host"] = headers["Host"] ?? "localhost"
        if let length { headers["Content-Length"] = "\(length)" }
        return "\(method) \(path) HTTP/1.1\r\n"
            + headers.filter { !$0.value.isEmpty }.map { "\($0.key): \($0.value)\r\n" }.joined() + "\r\n"
    }

    /// Waits until something is so, for as long as a busy machine may need.
    static func eventually(_ isSo: () async -> Bool) async -> Bool {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            if await isSo() { return true }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return await isSo()
    }
}
