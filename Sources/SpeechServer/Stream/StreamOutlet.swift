import NIOCore
import NIOWebSocket
import Synchronization

/// The way to a stream's client. Whoever sends waits while the client does not read, and a client that reads nothing for
/// long loses its connection.
final class StreamOutlet: Sendable {
    private struct State {
        var isClosed = false
        var reason = "client_left"
    }

    private let writer: NIOAsyncChannelOutboundWriter<WebSocketFrame>
    let channel: any Channel
    private let writeTime: TimeAmount
    private let state = Mutex(State())

    init(_ writer: NIOAsyncChannelOutboundWriter<WebSocketFrame>, channel: any Channel, writeTime: Duration) {
        self.writer = writer
        self.channel = channel
        self.writeTime = TimeAmount(writeTime)
    }

    /// Whether the server has said goodbye.
    var isClosed: Bool { state.withLock { $0.isClosed } }
    /// Why the stream ended, for the log.
    var endReason: String { state.withLock { $0.reason } }

    /// - Throws: Where the connection is gone.
    func send(_ event: some Encodable) async throws {
        try await write(
            WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(bytes: Answers.jsonBytes(event))))
    }

    /// Sends sound.
    ///
    /// - Throws: Where the connection is gone.
    func send(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        try await write(WebSocketFrame(fin: true, opcode: .binary, data: ByteBuffer(bytes: bytes)))
    }

    private func write(_ frame: WebSocketFrame) async throws {
        guard !isClosed else { return }
        let patience = channel.eventLoop.scheduleTask(in: writeTime) { [self] in
            note("slow_reader")
            channel.close(promise: nil)
        }
        defer { patience.cancel() }
        try await writer.write(frame)
    }

    /// Asks the client for a sign of life, unless it has something to read already.
    func ping() {
        guard !isClosed, channel.isWritable else { return }
        channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer()), promise: nil)
    }

    /// Tells what went wrong and says goodbye.
    func end(_ error: APIError, _ code: WebSocketErrorCode, reason: String? = nil) async {
        note(reason ?? error.code)
        try? await send(StreamEvent.Fault(error))
        await close(code, error.message)
    }

    /// Says goodbye; the connection ends when the client says it too, or a little later.
    func close(_ code: WebSocketErrorCode, _ reason: String = "") async {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        let channel = channel
        channel.eventLoop.scheduleTask(in: .seconds(3)) { channel.close(promise: nil) }
        try? await writer.write(FrameFaults.closeFrame(code, reason))
    }

    /// Keeps the first reason.
    func note(_ reason: String) { state.withLock { if $0.reason == "client_left" { $0.reason = reason } } }
}
