import AsyncHTTPClient
import Foundation

/// The proxy that the environment names.
enum ProxyAddress {
    /// nil where there is none, or the source is on this machine or excepted by `NO_PROXY`.
    static func proxy(_ environment: [String: String], for source: HubSource) -> HTTPClient.Configuration.Proxy? {
        func value(_ key: String) -> String? {
            [environment[key], environment[key.lowercased()]].compactMap(\.self).first { !$0.isEmpty }
        }
        guard !source.endpoint.isLoopback, let text = value("HTTPS_PROXY"),
            let url = URL(string: text.contains("://") ? text : "http://" + text), let host = url.host
        else { return nil }
        let excepted = (value("NO_PROXY") ?? "").split(separator: ",").map { name in
            name.trimmingCharacters(in: .whitespaces).trimmingPrefix(".").lowercased()
        }
        let target = source.host.lowercased()
        if excepted.contains(where: { !$0.isEmpty && ($0 == "*" || target == $0 || target.hasSuffix(".\($0)")) }) {
            return nil
        }
        return .server(host: host, port: url.port ?? 8080)
    }
}
