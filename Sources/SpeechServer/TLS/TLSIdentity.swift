import Crypto
public import Foundation
import Glibc
import NIOSSL
import SwiftASN1
import X509

/// The certificate that the server shows, and its key.
public struct TLSIdentity: Sendable {
    let certificates: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    /// The server's own certificate.
    let leaf: Certificate
    /// SHA-256 of the certificate, as browsers show it.
    public let fingerprint: String

    /// Reads a certificate, those between it and its root if there are any, and its key, all in PEM form.
    ///
    /// - Throws: ``TLSError``.
    public init(certificateFile: String, keyFile: String, now: Date = .now) throws(TLSError) {
        let documents = try Self.documents(certificateFile)
        let keys = keyFile == certificateFile ? documents : try Self.documents(keyFile)
        try self.init(documents, keys, certificateFile: certificateFile, keyFile: keyFile, now: now)
    }

    private init(
        _ documents: [PEMDocument], _ keys: [PEMDocument], certificateFile: String, keyFile: String, now: Date
    ) throws(TLSError) {
        let chain = documents.filter { $0.discriminator == "CERTIFICATE" }
        guard let first = chain.first, let leaf = try? Certificate(pemDocument: first) else {
            throw .noCertificate(path: certificateFile)
        }
        guard leaf.notValidAfter >= now else { throw .expired(path: certificateFile, since: leaf.notValidAfter) }
        guard leaf.notValidBefore <= now else { throw .notYetValid(path: certificateFile, from: leaf.notValidBefore) }
        // Files of elliptic keys begin with the parameters of their curve.
        guard let key = keys.first(where: { $0.discriminator.hasSuffix("PRIVATE KEY") }) else {
            throw .noKey(path: keyFile)
        }
        guard key.discriminator != "ENCRYPTED PRIVATE KEY" else { throw .keyHasPassword(path: keyFile) }
        guard let parsed = try? Certificate.PrivateKey(pemDocument: key) else { throw .noKey(path: keyFile) }
        guard parsed.publicKey == leaf.publicKey else {
            throw .mismatch(certificate: certificateFile, key: keyFile)
        }
        do {
            certificates = try chain.map { try NIOSSLCertificate(bytes: $0.derBytes, format: .der) }
            self.key = try NIOSSLPrivateKey(bytes: key.derBytes, format: .der)
        } catch {
            throw .refused(path: certificateFile, reason: "\(error)")
        }
        self.leaf = leaf
        fingerprint = SHA256.hash(data: first.derBytes)
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined(separator: ":")
    }

    /// How connections are made safe: TLS 1.2 or newer.
    var configuration: TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return configuration
    }

    private static func documents(_ path: String) throws(TLSError) -> [PEMDocument] {
        guard access(path, R_OK) == 0 else {
            throw .unreadable(path: path, reason: String(cString: strerror(errno)).lowercased())
        }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw .unreadable(path: path, reason: "it is not a file")
        }
        return (try? PEMDocument.parseMultiple(pemString: String(decoding: bytes, as: UTF8.self))) ?? []
    }
}
