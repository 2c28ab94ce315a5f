import HTTPTypes
import NIOCore

/// Which names the server may be called by, and which pages may use it: against pages of strangers that reach a local
/// server through the person's browser.
struct HostRule: Sendable {
    let names: Set<String>
    let origins: Set<String>

    init(_ configuration: ServerConfiguration) {
        let own = Self.isAddress(configuration.host) ? [] : [configuration.host]
        names = Set((own + ["localhost"] + configuration.hostNames).map { $0.lowercased() })
        origins = Set(configuration.origins.map { $0.lowercased() })
    }

    /// Checks a request.
    ///
    /// - Returns: The origin of a page of strangers that may use the server; nil for all other requests.
    /// - Throws: 400 and 403.
    func check(_ head: HTTPRequest) throws(APIError) -> String? {
        guard let authority = head.authority, !authority.isEmpty,
            !head.headerFields.contains(where: { $0.name.canonicalName == "host" })
        else {
            throw APIError(.badRequest, code: "bad_host", "The header Host must be there once.")
        }
        let host = Self.name(of: authority.lowercased())
        guard Self.isAddress(host) || names.contains(host) else {
            throw APIError(
                .forbidden, .permission, code: "host_not_allowed",
                "The server does not answer to this name; start it with --allow-host to add one.")
        }
        let given = head.headerFields[values: .origin]
        guard let origin = given.first?.lowercased() else { return nil }
        if given.count == 1, origins.contains(origin) { return origin }
        guard given.count == 1, Self.isSame(origin, authority.lowercased()) else {
            throw APIError(
                .forbidden, .permission, code: "origin_not_allowed",
                "Pages of this origin may not use the server; start it with --allow-origin to let them.")
        }
        return nil
    }

    /// Whether an origin is the server itself. `null` never is.
    private static func isSame(_ origin: String, _ authority: String) -> Bool {
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")] where origin.hasPrefix(scheme) {
            func plain(_ text: some StringProtocol) -> String {
                text.hasSuffix(port) ? String(text.dropLast(port.count)) : String(text)
            }
            return plain(origin.dropFirst(scheme.count)) == plain(authority)
        }
        return false
    }

    /// A host without its port.
    static func name(of authority: String) -> String {
        if authority.hasPrefix("[") {
            return String(authority.dropFirst().prefix { $0 != "]" })
        }
        guard let colon = authority.lastIndex(of: ":") else { return authority }
        return String(authority[..<colon])
    }

    /// Whether a host is an IP address, which no stranger's name leads to by a trick.
    static func isAddress(_ host: String) -> Bool { (try? SocketAddress(ipAddress: host, port: 0)) != nil }
}
