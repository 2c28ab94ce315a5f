import Foundation
import Testing

@testable import SpeechStore

/// Keys: shown once, kept as a hash, refused when they are wrong.
struct KeyTests {
    @Test func isShownOnceAndKeptAsAHash() async throws {
        let folder = try StoreFolder()
        let limits = KeyLimits(concurrentRequests: 2, requestsPerMinute: 60)
        let (key, secret) = try await folder.open().addKey(name: "my \u{7}client", limits: limits)
        let store = try await folder.open()
        #expect(key.name == "my client" && key.limits == limits && key.lastUsed == nil)
        #expect(try folder.files(holding: Data(secret.utf8)) == [])
        #expect(try folder.files(holding: Data(secret.suffix(64).utf8)) == [])
        let bits = try #require(KeySecret(secret)).bits
        #expect(try folder.files(holding: Data(bits)) == [])
        #expect(try await store.key(for: secret)?.id == key.id)
        let other = try await store.addKey(name: "other", limits: KeyLimits())
        #expect(other.secret != secret)
        #expect(try await store.keys().map(\.name) == ["my client", "other"])
    }

    @Test func wrongKeysAreUnknown() async throws {
        let folder = try StoreFolder()
        let store = try await folder.open()
        let (key, secret) = try await store.addKey(name: "client", limits: KeyLimits())
        let foreign = KeySecret(id: RecordID()).text
        let swapped = "mynah_\(key.id)_" + foreign.suffix(64)
        let last = secret.last == "0" ? "1" : "0"
        for wrong in [
            "", "mynah_", String(secret.dropLast()), secret + "0", String(secret.dropLast()) + last, foreign, swapped,
            secret.uppercased(), " " + secret, secret.replacingOccurrences(of: "_", with: "-"),
            String(repeating: "\u{E9}", count: 103), "mynah_\(key.id)_" + String(repeating: "g", count: 64),
        ] { #expect(try await store.key(for: wrong) == nil, "\(wrong)") }
        #expect(try await store.key(for: secret) != nil)
        try await store.revokeKey(key.id)
        #expect(try await store.key(for: secret) == nil)
        #expect(try await store.keys()[0].revoked != nil)
        try await store.deleteKey(key.id)
        await #expect(throws: StoreError.notFound(.key, id: key.id.description)) { try await store.revokeKey(key.id) }
    }

    @Test func useIsNotedOnceAMinute() async throws {
        let folder = try StoreFolder()
        let store = try await folder.open()
        let (_, secret) = try await store.addKey(name: "client", limits: KeyLimits())
        _ = try await store.key(for: secret)
        let first = try #require(try await store.keys()[0].lastUsed)
        folder.wait(seconds: 30)
        _ = try await store.key(for: secret)
        #expect(try await store.keys()[0].lastUsed == first)
        folder.wait(seconds: 31)
        _ = try await store.key(for: secret)
        #expect(try await store.keys()[0].lastUsed == first + 61)
    }

    @Test func limitsArePositive() async throws {
        let store = try await StoreFolder().open()
        await #expect(throws: StoreError.self) {
            try await store.addKey(name: "client", limits: KeyLimits(requestsPerMinute: 0))
        }
        let key = try await store.addKey(name: "client", limits: KeyLimits()).key
        let limits = KeyLimits(charactersPerMinute: 1000)
        #expect(try await store.setLimits(limits, of: key.id).limits == limits)
    }
}
