import Foundation
import Synchronization

@testable import SpeechServer

/// A WebSocket client that also says what no proper client does.
final class StreamClient: Sendable {
    /// A frame from the server.
    enum Frame: Equatable {
        case text(String)
        case binary([UInt8])
        case pong([UInt8])
        case ping
        case close(Int)

        /// A field of a message.
        subscript(name: String) -> Any? {
            guard case .text(let text) = self else { return nil }
            return (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])?[name]
        }

        var type: String { self["type"] as? String ?? "" }
    }

    /// A model with voices does not make one up.
    static let voices = [LoadedModel.Voice(name: "ada", description: "")]

    let raw: RawClient
    /// The answer to the request for a stream.
    let answer: RawClient.Reply
    private let unread: Mutex<[UInt8]>

    init(port: Int, path: String = "/api/v1/stream", _ headers: [String: String] = [:]) async {
        raw = RawClient(port: port)
        var all = [
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        ]
        all.merge(headers) { $1 }
        raw.send(TestServer.head("GET", path, all))
        let bytes = await raw.read { bytes in
            let reply = RawClient.parse(bytes)
            return reply.status == 101 || reply.status != 0 && reply.isComplete
        }
        answer = RawClient.parse(bytes)
        unread = Mutex(answer.status == 101 ? answer.body : [])
    }

    // MARK: To the server

    func say(_ json: String) { send(0x1, Array(json.utf8)) }

    func configure(_ fields: String = "") {
        say("{\"type\":\"session.config\"\(fields.isEmpty ? "" : ",")\(fields)}")
    }

    func text(_ text: String) {
        let quoted = (try? JSONSerialization.data(withJSONObject: text, options: .fragmentsAllowed)) ?? Data()
        say("{\"type\":\"input.text\",\"text\":\(String(decoding: quoted, as: UTF8.self))}")
    }

    func done() { say(#"{"type":"input.done"}"#) }

    /// Sends a frame, however improper.
    func send(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true, isMasked: Bool = true, bits: UInt8 = 0) {
        var bytes = [(isFinal ? 0x80 : 0) | bits | opcode]
        let masked: UInt8 = isMasked ? 0x80 : 0
        switch payload.count {
        case ..<126: bytes.append(masked | UInt8(payload.count))
        case ..<65_536: bytes += [masked | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default:
            bytes.append(masked | 127)
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        let mask: [UInt8] = [7, 77, 177, 27]
        if isMasked { bytes += mask }
        bytes += payload.enumerated().map { isMasked ? $1 ^ mask[$0 % 4] : $1 }
        raw.send(bytes)
    }

    // MARK: From the server

    /// The next frame; nil at the end of the connection.
    func next() async -> Frame? {
        while true {
            if let frame = unread.withLock({ Self.take(&$0) }) { return frame }
            let more = await raw.read { !$0.isEmpty }
            if more.isEmpty { return nil }
            unread.withLock { $0 += more }
        }
    }

    /// Frames up to and with the one that is looked for.
    func frames(until isLast: (Frame) -> Bool) async -> [Frame] {
        var frames: [Frame] = []
        while let frame = await next() {
            frames.append(frame)
            if isLast(frame) { break }
        }
        return frames
    }

    /// Frames up to a message of a type.
    func frames(until type: String) async -> [Frame] { await frames { $0.type == type } }

    /// The code that the server says goodbye with; nil where the connection ends without.
    func goodbye() async -> Int? {
        let last = await frames { if case .close = $0 { true } else { false } }.last
        if case .close(let code)? = last { return code }
        return nil
    }

    private static func take(_ bytes: inout [UInt8]) -> Frame? {
        guard bytes.count >= 2 else { return nil }
        var start = 2
        var length = Int(bytes[1] & 0x7F)
        if length >= 126 {
            let width = length == 126 ? 2 : 8
            guard bytes.count >= 2 + width else { return nil }
            length = bytes[2..<2 + width].reduce(0) { $0 << 8 | Int($1) }
            start += width
        }
        guard bytes.count >= start + length else { return nil }
        let payload = Array(bytes[start..<start + length])
        let opcode = bytes[0] & 0x0F
        bytes.removeFirst(start + length)
        switch opcode {
        case 0x1: return .text(String(decoding: payload, as: UTF8.self))
        case 0x2: return .binary(payload)
        case 0x8: return .close(payload.prefix(2).reduce(0) { $0 << 8 | Int($1) })
        case 0x9: return .ping
        default: return .pong(payload)
        }
    }
}

extension [StreamClient.Frame] {
    /// The types of the messages; sound that comes in a row counts once, as `binary`.
    var outline: [String] {
        var names: [String] = []
        for frame in self {
            let name: String
            switch frame {
            case .text: name = frame.type
            case .binary: name = "binary"
            case .close: name = "close"
            case .ping, .pong: continue
            }
            if name != "queue", name != "binary" || names.last != "binary" { names.append(name) }
        }
        return names
    }

    /// All sound.
    var sound: [UInt8] {
        flatMap { frame -> [UInt8] in if case .binary(let bytes) = frame { bytes } else { [] } }
    }
}
