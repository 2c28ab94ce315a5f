import Glibc

/// Tells systemd how the service is, as `Type=notify` wants it; says nothing where nobody listens.
enum SystemNotice {
    /// The model is loaded and requests are taken.
    static let ready = "READY=1"
    /// Running requests are finished, no new ones are taken.
    static let stopping = "STOPPING=1"

    /// Sends a notice to the socket of `NOTIFY_SOCKET`.
    ///
    /// - Parameter path: The socket's path; one that begins with @ is no file.
    /// - Returns: Whether it was sent.
    @discardableResult
    static func send(_ notice: String, to path: String? = getenv("NOTIFY_SOCKET").map { String(cString: $0) }) -> Bool {
        guard let path, path.first == "/" || path.first == "@" else { return false }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t((MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2) + name.count)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let bytes = Array(notice.utf8)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        } == bytes.count
    }
}
