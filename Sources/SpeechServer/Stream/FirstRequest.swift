import HTTPTypes
import NIOCore
import NIOExtras
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// Looks at the first request of a connection, the only one that may become a stream.
///
/// Stands before NIO's upgrade, which loses a request that it refuses: one that gets no stream goes on without its wish for
/// an upgrade, as HTTP, and the front door answers it. Closes connections that ask for nothing, after a while and when the
/// server stops.
final class FirstRequest: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let timeLimit: TimeAmount?
    private let admit: @Sendable (HTTPRequest) async -> Bool
    private var patience: Scheduled<Void>?
    /// What came while the question is open.
    private var waiting: [HTTPServerRequestPart]?

    /// - Parameter admit: Whether a request gets a stream.
    init(timeLimit: TimeAmount?, admit: @escaping @Sendable (HTTPRequest) async -> Bool) {
        self.timeLimit = timeLimit
        self.admit = admit
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard let timeLimit else { return }
        let channel = context.channel
        patience = context.eventLoop.scheduleTask(in: timeLimit) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { patience?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard waiting == nil else {
            waiting?.append(part)
            return
        }
        guard case .head(let head) = part else { return context.fireChannelRead(data) }
        guard Self.wishesStream(head), let request = try? HTTPRequest(head, secure: false, splitCookie: false) else {
            return go(on: head, asStream: false, context)
        }
        waiting = []
        let admit = admit
        context.eventLoop.makeFutureWithTask { await admit(request) }.assumeIsolated().whenComplete { answer in
            self.go(on: head, asStream: (try? answer.get()) ?? false, context)
        }
    }

    private func go(on head: HTTPRequestHead, asStream: Bool, _ context: ChannelHandlerContext) {
        var head = head
        if !asStream { head.headers.remove(name: "Upgrade") }
        context.fireChannelRead(wrapInboundOut(.head(head)))
        let rest = waiting ?? []
        waiting = nil
        for part in rest { context.fireChannelRead(wrapInboundOut(part)) }
        if !rest.isEmpty { context.fireChannelReadComplete() }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    /// Whether a request asks for a WebSocket as one does.
    private static func wishesStream(_ head: HTTPRequestHead) -> Bool {
        let headers = head.headers
        return head.method == .GET && headers[canonicalForm: "upgrade"].map { $0.lowercased() } == ["websocket"]
            && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
            && headers["sec-websocket-version"] == ["13"] && headers["sec-websocket-key"].count == 1
            && headers["content-length"].allSatisfy { $0 == "0" } && !headers.contains(name: "transfer-encoding")
    }
}
