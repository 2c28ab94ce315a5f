import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Tells whoever listens that the client of a connection has gone.
final class ConnectionNews: Sendable {
    private struct State {
        var isGone = false
        var next = 0
        var listeners: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    /// Calls `action` once when the client goes, at once where it has gone.
    ///
    /// - Returns: What ``forget(_:)`` wants.
    func listen(_ action: @escaping @Sendable () -> Void) -> Int {
        let (token, isGone) = state.withLock { state in
            state.next += 1
            if !state.isGone { state.listeners[state.next] = action }
            return (state.next, state.isGone)
        }
        if isGone { action() }
        return token
    }

    func forget(_ token: Int) { state.withLock { _ = $0.listeners.removeValue(forKey: token) } }

    fileprivate func clientIsGone() {
        let listeners = state.withLock { state in
            state.isGone = true
            defer { state.listeners = [:] }
            return state.listeners.values.map { $0 }
        }
        for action in listeners { action() }
    }
}

/// Watches a connection for its end. A client that closes its half is taken to have gone, as other servers do.
final class ConnectionWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    let news = ConnectionNews()

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { news.clientIsGone() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        news.clientIsGone()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        news.clientIsGone()
        context.fireErrorCaught(error)
    }
}

/// What the server's front door knows of the connection that a request came by.
struct ConnectionContext: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) { channel = source.channel }

    /// The connection's news; those of nobody where there is no watch.
    func news() async -> ConnectionNews {
        let channel = channel
        let found = channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: ConnectionWatch.self).news
        }
        return (try? await found.get()) ?? ConnectionNews()
    }
}
