import ArgumentParser
import Foundation
import SpeechServer
import SpeechStore

/// Where the server listens, and to whom.
struct AccessOptions: ParsableArguments {
    @Option(help: "The address to listen on; 0.0.0.0 for all of this machine's.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 for any that is free.")
    var port = 6006

    @Option(
        help: ArgumentHelp(
            "A key that clients must send. May be given several times.",
            discussion: "Other programs see the command line: the variable MYNAH_API_KEY is safer.", valueName: "key"))
    var apiKey: [String] = []

    @Flag(help: "Ask for no key, although other machines reach the address.")
    var noAuth = false

    @Option(
        help: ArgumentHelp(
            "A name besides localhost and IP addresses that clients call the server by. May be given several times.",
            valueName: "name"))
    var allowHost: [String] = []

    @Option(
        help: ArgumentHelp(
            "An origin whose pages may use the server, such as https://example.org. May be given several times.",
            valueName: "origin"))
    var allowOrigin: [String] = []

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port is \(port), but must be 0 to 65535.") }
        if noAuth, !keys.isEmpty { throw ValidationError("--no-auth does not go with a key; leave one of them out.") }
        if let key = keys.first(where: { $0.utf8.count < 8 || $0.contains { $0.isWhitespace } }) {
            throw ValidationError("A key has \(key.utf8.count) bytes, but needs 8 or more, without blanks.")
        }
    }

    /// The keys that were given.
    private var keys: [String] {
        let variable = ProcessInfo.processInfo.environment["MYNAH_API_KEY"] ?? ""
        return apiKey + (variable.isEmpty ? [] : [variable])
    }

    /// The server's configuration, and the key that was made for it where it needs one and there is none.
    ///
    /// Keys are asked for where some were given, where the store has some, and where other machines reach the address.
    func configuration(_ store: any KeyStoring) async throws -> (ServerConfiguration, newKey: String?) {
        var configuration = ServerConfiguration()
        configuration.host = host
        configuration.port = port
        configuration.hostNames = Set(allowHost)
        configuration.origins = Set(allowOrigin)
        guard !noAuth else { return (configuration, nil) }
        if !keys.isEmpty { configuration.keys = GivenKeys(keys) }
        let hasKeys = try await store.keys().contains { $0.revoked == nil }
        if hasKeys, configuration.keys == nil { configuration.keys = GivenKeys() }
        guard configuration.keys == nil, !ServerConfiguration.isLoopback(host) else { return (configuration, nil) }
        configuration.keys = GivenKeys()
        return (configuration, try await store.addKey(name: "first", limits: KeyLimits(), isAdmin: true).secret)
    }
}
