import ArgumentParser
import Foundation
import SpeechServer
import SpeechStore
import Testing

@testable import MynahCommands

/// Who may use a server that other machines reach.
struct AccessTests {
    @Test func otherMachinesNeedAKey() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("access-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var settings = StoreSettings()
        settings.diskFloorBytes = 0
        let store = try await LocalStore.open(folder, settings: settings)
        func configuration(_ words: String...) async throws -> (asksForKeys: Bool, host: String, newKey: String?) {
            let (configuration, newKey) = try await AccessOptions.parse(words).configuration(store)
            return (configuration.keys != nil, configuration.host, newKey)
        }
        let usual = try await configuration()
        #expect(usual == (false, "127.0.0.1", nil), "this machine only, and no key")
        for host in ["0.0.0.0", "::", "192.168.1.5", "example.org"] {
            let open = try await configuration("--host", host, "--no-auth")
            #expect(open == (false, host, nil), "only where somebody says so")
        }
        for host in ["127.0.0.1", "127.5.5.5", "::1", "localhost"] {
            #expect(try await configuration("--host", host).asksForKeys == false)
        }
        let given = try await configuration("--host", "0.0.0.0", "--api-key", "a-long-enough-key")
        #expect(given == (true, "0.0.0.0", nil))
        #expect(try await store.keys().isEmpty)
        let made = try await configuration("--host", "0.0.0.0")
        let secret = try #require(made.newKey)
        #expect(made.asksForKeys)
        let key = try #require(try await store.key(for: secret))
        #expect(key.isAdmin)
        let again = try await configuration("--host", "0.0.0.0")
        #expect(again.asksForKeys && again.newKey == nil, "it is shown once")
        #expect(try await configuration().asksForKeys, "who has keys wants them to be asked for")
        try await store.revokeKey(key.id)
        #expect(try await configuration("--host", "0.0.0.0").newKey != nil)
        #expect(throws: (any Error).self) { try AccessOptions.parse(["--no-auth", "--api-key", "a-long-enough-key"]) }
    }
}
