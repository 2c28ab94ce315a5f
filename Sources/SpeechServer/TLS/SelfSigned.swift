import Crypto
public import Foundation
import Glibc
import NIOCore
import SwiftASN1
import X509

extension TLSIdentity {
    /// How long a certificate of our own is good for: browsers refuse longer ones.
    private static let lifetime: TimeInterval = 397 * 86_400
    /// So long before its end a certificate is made anew.
    private static let reserve: TimeInterval = 30 * 86_400

    /// The certificate that this machine signed for itself: the one of an earlier start where it still does, else a new
    /// one. It is kept with its key in one file that only its owner may read.
    ///
    /// - Parameters:
    ///   - folder: Where it is kept; made where it is missing.
    ///   - names: Names and IP addresses that clients call the server by.
    /// - Throws: ``TLSError``.
    public static func selfSigned(
        keptIn folder: URL, for names: Set<String>, now: Date = .now
    ) throws(TLSError) -> TLSIdentity {
        let file = folder.appendingPathComponent("self-signed.pem").path
        if let kept = try? TLSIdentity(certificateFile: file, keyFile: file, now: now),
            kept.leaf.notValidAfter > now + reserve, kept.covers(names)
        {
            chmod(file, 0o600)
            return kept
        }
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try keep(try make(for: names, now: now), in: file)
        } catch let error as TLSError {
            throw error
        } catch {
            throw .cannotKeep(path: file, reason: "\(error.localizedDescription)")
        }
        return try TLSIdentity(certificateFile: file, keyFile: file, now: now)
    }

    /// The names that clients reach this machine by when it listens on `host`.
    public static func names(for host: String, and others: Set<String>) -> Set<String> {
        var names: Set<String> = ["localhost", "127.0.0.1", "::1"]
        names.formUnion(others)
        if host != "0.0.0.0", host != "::" { names.insert(host) }
        if !ServerConfiguration.isLoopback(host), let devices = try? System.enumerateDevices() {
            // Addresses of one link only carry its name, which no certificate holds.
            names.formUnion(devices.compactMap { $0.address?.ipAddress }.filter { !$0.contains("%") })
        }
        return names
    }

    /// Whether the certificate holds all these names.
    func covers(_ names: Set<String>) -> Bool {
        let own = (try? leaf.extensions.subjectAlternativeNames).map { Array($0) } ?? []
        return names.allSatisfy { own.contains(Self.entry($0)) }
    }

    private static func entry(_ name: String) -> GeneralName {
        if let bytes = addressBytes(name) { return .ipAddress(ASN1OctetString(contentBytes: bytes[...])) }
        return .dnsName(name)
    }

    private static func addressBytes(_ text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }

    /// A new certificate and its key, in PEM form.
    private static func make(for names: Set<String>, now: Date) throws -> String {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName("Mynah") }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            // A day for clocks that are behind.
            notValidBefore: now - 86_400, notValidAfter: now + lifetime, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(names.sorted().map(entry))
            },
            issuerPrivateKey: .init(key))
        return try certificate.serializeAsPEM().pemString + "\n" + key.pemRepresentation + "\n"
    }

    /// Writes a file that nobody else can read at any moment, and that is whole or not there.
    private static func keep(_ text: String, in file: String) throws(TLSError) {
        let fresh = "\(file).\(getpid()).part"
        unlink(fresh)
        func fail() -> TLSError {
            let code = errno
            unlink(fresh)
            return .cannotKeep(path: file, reason: String(cString: strerror(code)).lowercased())
        }
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw fail() }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
            rename(fresh, file) == 0
        else { throw fail() }
    }
}
