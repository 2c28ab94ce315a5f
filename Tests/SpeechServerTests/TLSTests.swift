import Foundation
import Testing

@testable import SpeechServer

/// Certificates that are given, and those that the server makes. Connections with them: tools/service-check.
struct TLSTests {
    private struct Folder: ~Copyable {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("mynah-tls-\(UUID().uuidString)")

        deinit { try? FileManager.default.removeItem(at: url) }

        func file(_ name: String, _ text: String) throws -> String {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            let file = url.appendingPathComponent(name)
            try Data(text.utf8).write(to: file)
            return file.path
        }

        func path(_ name: String) -> String { url.appendingPathComponent(name).path }
    }

    private static let names: Set<String> = ["localhost", "127.0.0.1", "::1", "speech.example"]

    private static func error(_ work: () throws -> Void) -> TLSError? {
        do {
            try work()
            return nil
        } catch {
            return error as? TLSError
        }
    }

    @Test func aCertificateIsMadeOnceAndKeptForItsOwnerOnly() throws {
        let folder = Folder()
        let first = try TLSIdentity.selfSigned(keptIn: folder.url, for: Self.names)
        let file = folder.path("self-signed.pem")
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["self-signed.pem"])
        #expect(first.fingerprint.split(separator: ":").count == 32)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let again = try TLSIdentity.selfSigned(keptIn: folder.url, for: ["localhost"])
        #expect(again.fingerprint == first.fingerprint)
        let mended = try FileManager.default.attributesOfItem(atPath: file)
        #expect((mended[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        #expect(first.covers(Self.names) && !first.covers(["other.example"]))
    }

    @Test func itIsMadeAnewWhenItNoLongerServes() throws {
        let folder = Folder()
        let first = try TLSIdentity.selfSigned(keptIn: folder.url, for: ["localhost"])
        let wider = try TLSIdentity.selfSigned(keptIn: folder.url, for: ["localhost", "192.168.1.7"])
        #expect(wider.fingerprint != first.fingerprint)
        let later = try TLSIdentity.selfSigned(keptIn: folder.url, for: ["localhost"], now: .now + 380 * 86_400)
        #expect(later.fingerprint != wider.fingerprint)
        _ = try folder.file("self-signed.pem", "what a crash left")
        let mended = try TLSIdentity.selfSigned(keptIn: folder.url, for: ["localhost"])
        #expect(mended.fingerprint != later.fingerprint)
    }

    @Test func wrongFilesAreNamed() throws {
        let folder = Folder()
        let other = Folder()
        _ = try TLSIdentity.selfSigned(keptIn: folder.url, for: ["localhost"])
        _ = try TLSIdentity.selfSigned(keptIn: other.url, for: ["localhost"])
        let good = folder.path("self-signed.pem")
        let foreign = other.path("self-signed.pem")
        let missing = folder.path("missing.pem")
        let text = try folder.file("text.pem", "hello")
        let locked = try folder.file(
            "locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n")
        let broken = try folder.file("broken.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
        func fault(_ certificate: String, _ key: String, now: Date = .now) -> TLSError? {
            Self.error { _ = try TLSIdentity(certificateFile: certificate, keyFile: key, now: now) }
        }
        #expect(fault(good, good) == nil)
        #expect(fault(missing, good) == .unreadable(path: missing, reason: "no such file or directory"))
        #expect(fault(good, missing) == .unreadable(path: missing, reason: "no such file or directory"))
        #expect(fault(folder.url.path, good) == .unreadable(path: folder.url.path, reason: "it is not a file"))
        #expect(fault(text, good) == .noCertificate(path: text))
        #expect(fault(broken, good) == .noCertificate(path: broken))
        #expect(fault(good, text) == .noKey(path: text))
        #expect(fault(good, locked) == .keyHasPassword(path: locked))
        #expect(fault(good, foreign) == .mismatch(certificate: good, key: foreign))
        guard case .expired(good, _)? = fault(good, good, now: .now + 400 * 86_400) else {
            Issue.record("an expired certificate was taken")
            return
        }
        guard case .notYetValid(good, _)? = fault(good, good, now: .now - 2 * 86_400) else {
            Issue.record("a certificate of the future was taken")
            return
        }
    }

    @Test func aFolderThatCannotBeWrittenIsNamed() throws {
        let folder = Folder()
        let file = try folder.file("file", "")
        let fault = Self.error {
            _ = try TLSIdentity.selfSigned(keptIn: URL(fileURLWithPath: file), for: ["localhost"])
        }
        guard case .cannotKeep? = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
    }

    @Test func namesAreThoseThatClientsUse() {
        let local = TLSIdentity.names(for: "127.0.0.1", and: ["speech.example"])
        #expect(local == ["localhost", "127.0.0.1", "::1", "speech.example"])
        let all = TLSIdentity.names(for: "0.0.0.0", and: [])
        #expect(all.isSuperset(of: ["localhost", "127.0.0.1"]) && !all.contains("0.0.0.0"))
    }
}
