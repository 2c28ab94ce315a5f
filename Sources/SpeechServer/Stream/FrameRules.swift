import NIOCore
import NIOWebSocket
import Synchronization

/// What is known of a stream's connection outside of its pipeline.
final class StreamLife: Sendable {
    private struct State {
        var lastHeard = ContinuousClock.now
        var isStopping = false
    }

    private let state = Mutex(State())

    /// When the client last sent anything, an answer to a ping included.
    var lastHeard: ContinuousClock.Instant { state.withLock { $0.lastHeard } }
    /// Whether the server wants its connections back.
    var isStopping: Bool { state.withLock { $0.isStopping } }

    func heard() { state.withLock { $0.lastHeard = .now } }
    func stop() { state.withLock { $0.isStopping = true } }
}

/// Checks each frame of a client, and answers pings.
///
/// Frames of clients are masked, and have no bits that stand for an extension. Pings are answered here, and where the
/// client does not read, only the last one is: so pings can neither fill the memory nor hold up what comes after them.
final class FrameRules: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = WebSocketFrame
    typealias OutboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let life: StreamLife
    private var unanswered: ByteBuffer?
    private var isBroken = false

    init(life: StreamLife) { self.life = life }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isBroken else { return }
        let frame = unwrapInboundIn(data)
        life.heard()
        guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return refuse(.protocolError, "frames must be masked and without extensions", context)
        }
        switch frame.opcode {
        case .ping:
            unanswered = frame.unmaskedData
            answer(context)
        case .pong: break
        case .text, .binary, .continuation, .connectionClose: context.fireChannelRead(data)
        default: refuse(.protocolError, "there is no such kind of frame", context)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        answer(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { life.stop() }
        context.fireUserInboundEventTriggered(event)
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let data = unanswered, context.channel.isWritable else { return }
        unanswered = nil
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, data: data)), promise: nil)
    }

    private func refuse(_ code: WebSocketErrorCode, _ reason: String, _ context: ChannelHandlerContext) {
        isBroken = true
        FrameFaults.close(context.channel, code, reason)
    }
}

/// Ends a stream whose frames do not add up to messages.
final class FrameFaults: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = WebSocketFrame

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let fault = error as? NIOWebSocketFrameAggregator.Error {
            switch fault {
            case .accumulatedFrameSizeIsTooLarge, .tooManyFragments:
                Self.close(context.channel, .messageTooLarge, "the message is too large")
            default: Self.close(context.channel, .protocolError, "the frames do not make a message")
            }
        }
        context.fireErrorCaught(error)
    }

    /// Says goodbye, and closes when that is out.
    static func close(_ channel: any Channel, _ code: WebSocketErrorCode, _ reason: String) {
        channel.writeAndFlush(closeFrame(code, reason)).whenComplete { _ in channel.close(promise: nil) }
    }

    static func closeFrame(_ code: WebSocketErrorCode, _ reason: String) -> WebSocketFrame {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        data.writeString(String(reason.prefix(100)))
        return WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
    }
}
