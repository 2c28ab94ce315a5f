import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// Who answers: set once the hub is there.
final class Table: Sendable {
    private let serve = Mutex<(@Sendable (HubRequest) -> HubAnswer)?>(nil)

    func set(_ serve: @escaping @Sendable (HubRequest) -> HubAnswer) { self.serve.withLock { $0 = serve } }

    func answer(_ request: HubRequest) -> HubAnswer {
        serve.withLock { $0 }?(request) ?? HubAnswer(status: .serviceUnavailable)
    }
}

/// Writes answers to one connection.
final class HubHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let table: Table
    private var head: HTTPRequestHead?

    init(table: Table) { self.table = table }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            send(table.answer(HubRequest(path: head.uri, headers: head.headers)), context)
        }
    }

    private func send(_ answer: HubAnswer, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: answer.headers)
        let length = answer.claimedLength ?? answer.body.count
        if length >= 0 { head.headers.replaceOrAdd(name: "Content-Length", value: "\(length)") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let body = answer.cutAfter.map { answer.body.prefix($0) } ?? answer.body
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        context.flush()
        if answer.hangs { return }
        if answer.cutAfter != nil || length > body.count {
            context.close(promise: nil)
        } else {
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
