import Foundation
import Glibc

/// A client that sends whatever bytes a test wants, over a real connection.
final class RawClient: @unchecked Sendable {  // One test uses it at a time; the descriptor is all it holds.
    struct Reply {
        var status = 0
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        /// Whether the body came to its announced end.
        var isComplete = false

        var text: String { String(decoding: body, as: UTF8.self) }
        /// The body as JSON.
        var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:] }
        /// The code of an error in OpenAI's shape.
        var errorCode: String? { (json["error"] as? [String: Any])?["code"] as? String }
    }

    private let descriptor: Int32

    init(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { hangUp() }

    func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
            }
            guard written > 0 else { return }
            done += written
        }
    }

    /// Reads until `isEnough` or the end of the connection, on a thread of its own.
    func read(until isEnough: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }) async -> [UInt8] {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in
                var bytes: [UInt8] = []
                var block = [UInt8](repeating: 0, count: 65_536)
                while !isEnough(bytes) {
                    let count = recv(descriptor, &block, block.count, 0)
                    guard count > 0 else { break }
                    bytes += block[..<count]
                }
                continuation.resume(returning: bytes)
            }
        }
    }

    /// Reads one answer.
    func reply() async -> Reply { Self.parse(await read { Self.parse($0).isComplete }) }

    /// Interprets what was received so far.
    static func parse(_ bytes: [UInt8]) -> Reply {
        var reply = Reply()
        guard let split = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return reply }
        let lines = String(decoding: bytes[..<split.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        reply.status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            reply.headers[line[..<colon].lowercased()] = value
        }
        let rest = bytes[split.upperBound...]
        if reply.headers["transfer-encoding"] == "chunked" {
            (reply.body, reply.isComplete) = chunks(rest)
        } else {
            reply.body = Array(rest)
            reply.isComplete = rest.count >= reply.headers["content-length"].flatMap { Int($0) } ?? 0
        }
        return reply
    }

    private static func chunks(_ bytes: ArraySlice<UInt8>) -> ([UInt8], Bool) {
        var body: [UInt8] = []
        var rest = bytes
        while let line = rest.firstRange(of: [13, 10]) {
            guard let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16) else { break }
            if size == 0 { return (body, true) }
            guard rest.endIndex - line.upperBound >= size + 2 else { break }
            body += rest[line.upperBound..<line.upperBound + size]
            rest = rest[(line.upperBound + size + 2)...]
        }
        return (body, false)
    }
}
