import Foundation
import Glibc
import Testing

@testable import MynahCommands

/// What systemd is told.
struct SystemNoticeTests {
    @Test func noticesReachTheSocket() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("mynah-\(getpid()).sock").path
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer {
            close(descriptor)
            unlink(path)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        #expect(SystemNotice.send(SystemNotice.ready, to: path))
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        #expect(String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == "READY=1")
    }

    @Test(arguments: [nil, "", "relative", "/nowhere/at/all", "@", "/" + String(repeating: "x", count: 200)])
    func nobodyListens(path: String?) {
        #expect(!SystemNotice.send(SystemNotice.ready, to: path))
    }
}
