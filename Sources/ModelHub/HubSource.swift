public import Foundation

/// A hub, or a mirror of one, and how its addresses are made.
public struct HubSource: Sendable, Hashable {
    /// Whose interface it speaks.
    public enum Dialect: Sendable { case huggingFace, modelScope }

    public let dialect: Dialect
    public let endpoint: URL
    /// Sent to the endpoint's host only.
    let token: String?

    /// - Throws: ``HubError/unsafeAddress(_:)`` where the endpoint is neither `https` nor on this machine.
    public init(_ dialect: Dialect, endpoint: URL, token: String? = nil) throws(HubError) {
        guard endpoint.isTrustworthy else { throw .unsafeAddress(endpoint.absoluteString) }
        self.dialect = dialect
        self.endpoint = endpoint
        self.token = token
    }

    /// `huggingface`, `modelscope`, or the address of a mirror of the former.
    ///
    /// `HF_ENDPOINT` takes the place of Hugging Face's own address. `HF_TOKEN` is sent there and not to a mirror that is
    /// only named here.
    ///
    /// - Throws: ``HubError/badSource(_:)``, ``HubError/unsafeAddress(_:)``.
    public init(named name: String, environment: [String: String]) throws(HubError) {
        func value(_ key: String) -> String? { environment[key].flatMap { $0.isEmpty ? nil : $0 } }
        switch name {
        case "huggingface":
            let address = value("HF_ENDPOINT") ?? "https://huggingface.co"
            guard let endpoint = Self.endpoint(address) else { throw .badSource(address) }
            try self.init(.huggingFace, endpoint: endpoint, token: value("HF_TOKEN"))
        case "modelscope":
            guard let endpoint = Self.endpoint("https://modelscope.cn") else { throw .badSource(name) }
            try self.init(.modelScope, endpoint: endpoint)
        default:
            guard name.contains("://"), let endpoint = Self.endpoint(name) else { throw .badSource(name) }
            try self.init(.huggingFace, endpoint: endpoint)
        }
    }

    /// As the endpoint is told to people.
    var host: String { endpoint.host ?? endpoint.absoluteString }

    /// Where a file's bytes are.
    func address(of file: String, in repository: HubRepository, commit: String) -> URL? {
        switch dialect {
        case .huggingFace: address(["\(repository.owner)", repository.name, "resolve", commit] + file.components)
        case .modelScope:
            address(["models", repository.owner, repository.name, "resolve"] + commit.components + file.components)
        }
    }

    /// An address below the endpoint; every step is encoded.
    func address(_ steps: [String], query: [String: String] = [:]) -> URL? {
        let encoded = steps.compactMap { $0.addingPercentEncoding(withAllowedCharacters: .unreserved) }
        let fields = query.sorted { $0.key < $1.key }.compactMap { key, value in
            value.addingPercentEncoding(withAllowedCharacters: .unreserved).map { "\(key)=\($0)" }
        }
        var text = endpoint.absoluteString
        while text.hasSuffix("/") { text.removeLast() }
        text += "/" + encoded.joined(separator: "/")
        if !fields.isEmpty { text += "?" + fields.joined(separator: "&") }
        return URL(string: text)
    }

    private static func endpoint(_ text: String) -> URL? {
        guard let url = URL(string: text), url.host != nil, url.query == nil, url.user == nil else { return nil }
        return url
    }
}

extension String {
    /// The parts between slashes.
    var components: [String] { split(separator: "/", omittingEmptySubsequences: false).map(String.init) }
}

extension CharacterSet {
    /// What never has to be encoded in an address.
    static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}

extension URL {
    /// Whether it leads to this machine.
    var isLoopback: Bool {
        guard let host = host?.trimmingCharacters(in: CharacterSet(charactersIn: "[]")) else { return false }
        if host == "localhost" || host == "::1" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return numbers.count == 4 && numbers.allSatisfy { $0 != nil } && numbers[0] == 127
    }

    /// `https`, or `http` on this machine.
    var isTrustworthy: Bool {
        guard host?.isEmpty == false else { return false }
        return scheme?.lowercased() == "https" || (scheme?.lowercased() == "http" && isLoopback)
    }

    /// Whether both lead to one server.
    func hasOrigin(of other: URL) -> Bool {
        scheme?.lowercased() == other.scheme?.lowercased() && host?.lowercased() == other.host?.lowercased()
            && port == other.port
    }
}
