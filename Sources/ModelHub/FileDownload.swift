import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// Fetches one file, as often as it takes, from where it broke off.
struct FileDownload: Sendable {
    let client: HubClient
    let address: URL
    let file: HubFile
    let partial: PartialFile
    /// Told how many bytes of the file are there.
    let progress: @Sendable (Int) -> Void

    /// So much must have come for a broken connection not to count.
    private static let progressBytes = 1 << 20

    /// Fetches what is missing and checks the whole.
    ///
    /// - Throws: ``HubError``, or `CancellationError`; what was fetched is then kept, unless it is wrong.
    func run() async throws {
        var (retries, reached) = (0, partial.size)
        progress(reached)
        while partial.size < file.size {
            do {
                try await fetch()
            } catch let interruption as Interruption {
                try Task.checkCancellation()
                if partial.size >= reached + Self.progressBytes { (retries, reached) = (0, partial.size) }
                retries += 1
                try await client.pause(after: interruption, retry: retries, host: HubClient.host(address))
            }
        }
        guard partial.isRight else {
            partial.remove()
            throw HubError.digestDiffers(file: file.path, host: HubClient.host(address))
        }
    }

    /// One request.
    private func fetch() async throws {
        let first = partial.size
        let response = try await client.get(address, from: first, what: "file \(file.path)")
        if first > 0, response.status != .partialContent {
            // The server does not know ranges, or not this one: from the start.
            guard response.status == .ok else {
                try await onDisk { [partial] in try partial.restart() }
                throw Interruption(reason: "it refuses to go on at \(first) bytes")
            }
        }
        try check(response, first)
        if response.status == .ok, first > 0 { try await onDisk { [partial] in try partial.restart() } }
        try await receive(response.body)
        guard partial.size == file.size else {
            throw Interruption(reason: "the connection ended after \(partial.size) of \(file.size) bytes")
        }
    }

    /// Checks that the answer is about the bytes that were asked for.
    private func check(_ response: HTTPClientResponse, _ first: Int) throws {
        let encoding = response.headers.first(name: "Content-Encoding") ?? "identity"
        guard encoding.lowercased() == "identity" else {
            throw HubError.badListing(host: HubClient.host(address), reason: "files come encoded as \(encoding)")
        }
        var begin = 0
        if response.status == .partialContent {
            let range = ContentRange(response.headers.first(name: "Content-Range") ?? "")
            guard let range, range.first == first else {
                try partial.restart()
                throw Interruption(reason: "it gave another range than the one from \(first)")
            }
            if let total = range.total, total != file.size {
                throw HubError.wrongSize(file: file.path, said: total, expected: file.size)
            }
            begin = first
        } else if response.status != .ok {
            throw Interruption(reason: "status \(response.status.code)")
        }
        if let length = response.headers.first(name: "Content-Length").flatMap({ Int($0) }),
            length != file.size - begin
        {
            throw HubError.wrongSize(file: file.path, said: begin + length, expected: file.size)
        }
    }

    private func receive(_ body: HTTPClientResponse.Body) async throws {
        try await HubClient.explaining {
            for try await chunk in body {
                let room = file.size - partial.size
                guard chunk.readableBytes <= room else {
                    partial.remove()
                    throw HubError.wrongSize(
                        file: file.path, said: partial.size + chunk.readableBytes, expected: file.size)
                }
                try await onDisk { [partial] in try partial.append(chunk.readableBytesView) }
                progress(partial.size)
            }
        }
    }
}

/// `Content-Range: bytes 100-199/200`
struct ContentRange: Equatable {
    let first: Int
    /// nil for `*`.
    let total: Int?

    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
        let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, ends.count == 2, let first = ends[0], let last = ends[1], 0 <= first, first <= last
        else { return nil }
        self.first = first
        total = parts[1] == "*" ? nil : Int(parts[1])
        if parts[1] != "*" && total == nil { return nil }
    }
}

/// Runs work that waits for the disk, on threads that may wait.
func onDisk<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await NIOThreadPool.singleton.runIfActive(body)
}
