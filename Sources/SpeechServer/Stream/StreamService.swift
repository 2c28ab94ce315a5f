import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOWebSocket
import SpeechEngine
import Synchronization

/// Who asks for a stream.
struct StreamCaller: Sendable {
    let id: String
    /// Nil where a key is still to come.
    let owner: Caller?
    /// What of the client's subprotocols is spoken.
    let subprotocol: String?
    let life = StreamLife()
}

/// Streams over WebSockets: text comes in as it is written, sound leaves as it is made.
struct StreamService: Sendable {
    /// Ours, and the one of vLLM-Omni's clients.
    static let paths = ["/api/v1/stream", "/v1/audio/speech/stream"]
    /// The subprotocol of clients that bring their key as another one, because browsers let them set no header.
    static let subprotocol = "mynah.v1"
    static let keyPrefix = "mynah.key."

    let source: any SpeechSource
    let services: Services
    let configuration: ServerConfiguration
    let metrics: ServerMetrics
    let logger: Logger
    private let hosts: HostRule
    private let keys: Guard
    private let open = Count()

    private final class Count: Sendable { let value = Mutex(0) }

    init(
        source: any SpeechSource, services: Services, configuration: ServerConfiguration, metrics: ServerMetrics,
        logger: Logger
    ) {
        self.source = source
        self.services = services
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        hosts = HostRule(configuration)
        keys = Guard(keys: configuration.keys, store: services.store)
    }

    /// What requests get that ask for a stream and may not have one, or do not ask as one does.
    var routes: [Route] {
        Self.paths.map { path in
            Route(.get, path) { _ in
                if let error = refusal { throw error }
                var response = Answers.error(
                    APIError(
                        .upgradeRequired, code: "upgrade_required",
                        "This is a WebSocket: connect with version 13, as the first request of a connection."))
                response.headers[.upgrade] = "websocket"
                response.headers[.webSocketVersion] = "13"
                return response
            }
        }
    }

    /// Why nobody gets a stream now.
    private var refusal: APIError? {
        if let refusal = source.refusal { return APIError(refusal) }
        guard open.value.withLock({ $0 }) < configuration.limits.streams else {
            var error = APIError(
                .serviceUnavailable, .server, code: "too_many_streams",
                "As many streams are open as may be: \(configuration.limits.streams).")
            error.retryAfterSeconds = 10
            return error
        }
        return nil
    }

    /// Who asks; nil where the request gets no stream, and the front door tells it why.
    func admit(_ head: HTTPRequest, _ channel: any Channel) async -> StreamCaller? {
        let path = head.path?.split(separator: "?", omittingEmptySubsequences: false).first.map { String($0) }
        guard head.method == .get, let path, Self.paths.contains(path), refusal == nil else { return nil }
        let offered = head.headerFields[values: .webSocketProtocol].flatMap { $0.split(separator: ",") }
            .map { $0.trimmingCharacters(in: .whitespaces) }
        let key = offered.first { $0.hasPrefix(Self.keyPrefix) }.map { String($0.dropFirst(Self.keyPrefix.count)) }
        var owner: Caller?
        do throws(APIError) {
            _ = try hosts.check(head)
            owner = try await keys.caller(
                of: head, address: channel.remoteAddress?.ipAddress ?? "local", form: key)
        } catch {
            // The key may come in the first message; one that came and is wrong may not.
            guard error.code == "missing_api_key" else { return nil }
        }
        return StreamCaller(
            id: FrontDoor.requestID(head.headerFields[.requestID]), owner: owner,
            subprotocol: offered.contains(Self.subprotocol) ? Self.subprotocol : nil)
    }

    /// Serves a stream to its end.
    func serve(_ frames: StreamChannel.Frames, _ caller: StreamCaller) async {
        open.value.withLock { $0 += 1 }
        defer { open.value.withLock { $0 -= 1 } }
        let session = StreamSession(
            source: source, services: services, limits: configuration.limits, keys: keys, caller: caller,
            logger: logger)
        let start = ContinuousClock.now
        let end = await session.run(frames)
        let time = ContinuousClock.now - start
        metrics.answered(path: Self.paths[0], method: "GET", status: 101, after: time)
        logger.info(
            "stream",
            metadata: [
                "request": "\(caller.id)", "seconds": "\((time.inSeconds * 1000).rounded() / 1000)",
                "sentences": "\(end.sentences)", "end": "\(end.reason)",
            ])
    }
}

extension HTTPField.Name {
    fileprivate static let webSocketProtocol = Self("Sec-WebSocket-Protocol") ?? .accept
    fileprivate static let webSocketVersion = Self("Sec-WebSocket-Version") ?? .accept
}

extension HTTPResponse.Status {
    fileprivate static let upgradeRequired = Self(code: 426, reasonPhrase: "Upgrade Required")
}
