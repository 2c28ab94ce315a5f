import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket
import Synchronization

/// A connection of the server: HTTP, or a WebSocket where its first request asks for a stream and may have one.
///
/// Whether a request may is asked of `admit`; one that may not goes on as HTTP, where the front door tells it why.
struct StreamChannel: HTTPChannelHandler {
    typealias Frames = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    /// What became of a connection.
    enum Kind: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        case stream(Frames, StreamCaller)
    }

    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let kind: EventLoopFuture<Kind>
    }

    let responder: HTTPChannelHandler.Responder
    let configuration: HTTP1Channel.Configuration
    /// Whether TLS lies below.
    let isSecure: Bool
    /// Bytes of a frame and of a message.
    let messageBytes: Int
    /// Who asks; nil where the request gets no stream.
    let admit: @Sendable (HTTPRequest, any Channel) async -> StreamCaller?
    /// Serves a stream to its end.
    let serve: @Sendable (Frames, StreamCaller) async -> Void

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let admitted = Admitted()
            let admit = admit
            let upgrade = NIOTypedHTTPServerUpgradeConfiguration<Kind>(
                upgraders: [upgrader(for: admitted)],
                notUpgradingCompletionHandler: { channel in
                    channel.eventLoop.makeCompletedFuture { try http(channel, logger: logger) }
                })
            var pipelineConfiguration = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: upgrade)
            pipelineConfiguration.enablePipelining = false
            pipelineConfiguration.enableResponseHeaderValidation = false
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = configuration.httpDecoder.maxHeaderFieldSize
            limits.maxHeaderListSize = configuration.httpDecoder.maxHeaderListSize
            limits.maxHeaderFieldCount = configuration.httpDecoder.maxHeaderFieldCount
            pipelineConfiguration.decoderConfiguration = limits
            let kind = try pipeline.configureUpgradableHTTPServerPipeline(configuration: pipelineConfiguration)
            try pipeline.addHandler(
                FirstRequest(timeLimit: configuration.idleTimeout) { request in
                    let caller = await admit(request, channel)
                    admitted.caller.withLock { $0 = caller }
                    return caller != nil
                },
                position: .before(try pipeline.handler(type: NIOTypedHTTPServerUpgradeHandler<Kind>.self)))
            return Value(channel: channel, kind: kind)
        }
    }

    func handle(value: Value, logger: Logger) async {
        // The connection may end before its first request.
        guard let kind = try? await value.kind.get() else { return }
        switch kind {
        case .http(let channel): await handleHTTP(asyncChannel: channel, logger: logger)
        case .stream(let channel, let caller): await serve(channel, caller)
        }
    }

    private func http(_ channel: any Channel, logger: Logger) throws -> Kind {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: isSecure))
        try pipeline.addHandlers(configuration.additionalChannelHandlers())
        try pipeline.addHandler(
            HTTPConnectionStateHandler(
                idleTimeout: configuration.idleTimeout.map { Duration($0) }, logger: logger))
        return .http(
            try NIOAsyncChannel(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)))
    }

    /// Brings the caller of a connection from the question to the answer.
    private final class Admitted: Sendable {
        let caller = Mutex<StreamCaller?>(nil)
    }

    private func upgrader(for admitted: Admitted) -> NIOTypedWebSocketServerUpgrader<Kind> {
        let messageBytes = messageBytes
        return NIOTypedWebSocketServerUpgrader(
            maxFrameSize: messageBytes,
            shouldUpgrade: { channel, _ in
                let protocols = admitted.caller.withLock { $0?.subprotocol }.map { [("Sec-WebSocket-Protocol", $0)] }
                return channel.eventLoop.makeSucceededFuture(HTTPHeaders(protocols ?? []))
            },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    guard let caller = admitted.caller.withLock({ $0 }) else { throw ChannelError.inputClosed }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(FrameRules(life: caller.life))
                    try pipeline.addHandler(
                        NIOWebSocketFrameAggregator(
                            minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 1024,
                            maxAccumulatedFrameSize: messageBytes))
                    try pipeline.addHandler(FrameFaults())
                    return .stream(try Frames(wrappingChannelSynchronously: channel), caller)
                }
            })
    }
}

extension Duration {
    fileprivate init(_ time: TimeAmount) { self = .nanoseconds(time.nanoseconds) }
}
