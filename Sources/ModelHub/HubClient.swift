import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A transfer that broke off and may be taken up again.
struct Interruption: Error {
    let reason: String
    /// Seconds that the server wants to be left alone.
    var wait: Double?
}

/// Asks a hub, and follows where it sends on: to `https` only, or from this machine to this machine.
struct HubClient: Sendable {
    let http: HTTPClient
    let source: HubSource
    let settings: HubSettings

    private static let redirectLimit = 8
    private static let listingBytes = 16 << 20

    /// Runs work with a client that is closed afterwards.
    static func run<Value: Sendable>(
        _ source: HubSource, _ settings: HubSettings, proxy: HTTPClient.Configuration.Proxy?,
        _ body: @Sendable (HubClient) async throws -> Value
    ) async throws -> Value {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(15), read: .seconds(settings.silenceSeconds)))
        configuration.httpVersion = .http1Only
        configuration.proxy = proxy
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(HubClient(http: http, source: source, settings: settings)))
        } catch {
            result = .failure(error)
        }
        try? await http.shutdown()
        return try result.get()
    }

    /// Gets an address.
    ///
    /// - Parameter what: What is asked for, in words.
    /// - Returns: The answer, with status 200, 206 or 416.
    /// - Throws: ``Interruption`` where trying again makes sense, ``HubError`` otherwise.
    func get(_ address: URL, from first: Int = 0, what: String) async throws -> HTTPClientResponse {
        var address = address
        var seen: Set<URL> = []
        while true {
            guard seen.insert(address).inserted, seen.count <= Self.redirectLimit else {
                throw HubError.redirectLoop(address: address.absoluteString)
            }
            let response = try await send(address, from: first)
            guard (300..<400).contains(response.status.code) else {
                try check(response, at: address, what: what)
                return response
            }
            let next = response.headers.first(name: "Location").flatMap { URL(string: $0, relativeTo: address) }
            guard let next = next?.absoluteURL else {
                throw HubError.refused(host: Self.host(address), status: Int(response.status.code))
            }
            guard next.scheme?.lowercased() == "https" || (address.isLoopback && next.isTrustworthy) else {
                throw HubError.unsafeRedirect(from: Self.host(address), to: next.absoluteString)
            }
            address = next
        }
    }

    /// Gets JSON, trying again where the connection breaks.
    ///
    /// - Returns: The value, and the address of the next page, where there is one on the same server.
    func json<Value: Decodable & Sendable>(
        _: Value.Type, at address: URL?, what: String
    ) async throws -> (value: Value, next: URL?) {
        guard let address else { throw HubError.notFound(what: what, host: source.host) }
        var tries = 0
        while true {
            do {
                let response = try await get(address, what: what)
                let body = try await Self.explaining { try await response.body.collect(upTo: Self.listingBytes) }
                guard let value = try? JSONDecoder().decode(Value.self, from: Data(body.readableBytesView)) else {
                    throw HubError.badListing(host: Self.host(address), reason: "it is not the JSON that was expected")
                }
                return (value, Self.nextPage(response.headers, after: address))
            } catch let interruption as Interruption {
                tries += 1
                try await pause(after: interruption, retry: tries, host: Self.host(address))
            }
        }
    }

    /// Waits before another try.
    ///
    /// - Throws: ``HubError/unreachable(host:reason:)`` where it was the last.
    func pause(after interruption: Interruption, retry: Int, host: String) async throws {
        guard retry <= settings.retries else { throw HubError.unreachable(host: host, reason: interruption.reason) }
        try await Task.sleep(for: settings.wait(before: retry, asked: interruption.wait))
    }

    private func send(_ address: URL, from first: Int) async throws -> HTTPClientResponse {
        guard address.isTrustworthy else { throw HubError.unsafeAddress(address.absoluteString) }
        var request = HTTPClientRequest(url: address.absoluteString)
        request.headers.add(name: "User-Agent", value: "mynah")
        request.headers.add(name: "Accept-Encoding", value: "identity")
        if first > 0 { request.headers.add(name: "Range", value: "bytes=\(first)-") }
        if let token = source.token, address.hasOrigin(of: source.endpoint) {
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        // The silence is limited, not the whole: large files take hours on slow lines.
        return try await Self.explaining { [request] in try await http.execute(request, deadline: .distantFuture) }
    }

    private func check(_ response: HTTPClientResponse, at address: URL, what: String) throws {
        let host = Self.host(address)
        switch response.status.code {
        case 200, 206, 416: return
        case 401, 403: throw HubError.notPermitted(what: what, host: host, hasToken: source.token != nil)
        case 404, 410: throw HubError.notFound(what: what, host: host)
        case 408, 429, 500...599:
            let wait = response.headers.first(name: "Retry-After").flatMap { Double($0) }
            let reason = response.status.code == 429 ? "too many requests" : "status \(response.status.code)"
            throw Interruption(reason: reason, wait: wait)
        default: throw HubError.refused(host: host, status: Int(response.status.code))
        }
    }

    /// Runs network work; what breaks on the way is an ``Interruption``.
    static func explaining<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as HTTPClientError {
            if error == .cancelled || Task.isCancelled { throw CancellationError() }
            throw Interruption(reason: error.shortDescription)
        } catch let error as IOError {
            throw Interruption(reason: "system error \(error.errnoCode)")
        } catch is NIOTooManyBytesError {
            throw HubError.badListing(host: "the hub", reason: "it is too long")
        } catch let error as CancellationError {
            throw error
        } catch let error as HubError {
            throw error
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw Interruption(reason: "\(error)")
        }
    }

    /// The `Link` header's next page, where it is on the same server.
    private static func nextPage(_ headers: HTTPHeaders, after address: URL) -> URL? {
        for link in headers["Link"].flatMap({ $0.components(separatedBy: ",") }) where link.contains("rel=\"next\"") {
            guard let first = link.firstIndex(of: "<"), let last = link.firstIndex(of: ">"), first < last else {
                continue
            }
            let text = String(link[link.index(after: first)..<last])
            guard let next = URL(string: text, relativeTo: address)?.absoluteURL, next.hasOrigin(of: address) else {
                continue
            }
            return next
        }
        return nil
    }

    static func host(_ address: URL) -> String { address.host ?? address.absoluteString }
}
