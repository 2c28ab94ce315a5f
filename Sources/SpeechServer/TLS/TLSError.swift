public import Foundation

/// Why the server has no certificate to show.
public enum TLSError: Error, Equatable {
    case unreadable(path: String, reason: String)
    /// The file has no certificate in PEM form.
    case noCertificate(path: String)
    /// The file has no private key of a known kind in PEM form.
    case noKey(path: String)
    case keyHasPassword(path: String)
    /// The key is that of another certificate.
    case mismatch(certificate: String, key: String)
    case expired(path: String, since: Date)
    case notYetValid(path: String, from: Date)
    /// The library refused what looked right.
    case refused(path: String, reason: String)
    /// A self-signed certificate could not be made or kept.
    case cannotKeep(path: String, reason: String)
}

extension TLSError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path) cannot be read (\(reason)); check the path and its permissions"
        case .noCertificate(let path):
            "\(path) has no certificate: a file with -----BEGIN CERTIFICATE----- is wanted, the server's own first"
        case .noKey(let path):
            "\(path) has no private key that can be used: a file with -----BEGIN PRIVATE KEY----- is wanted"
        case .keyHasPassword(let path):
            "the key in \(path) has a password; take it off with: openssl pkey -in \(path) -out plain.key"
        case .mismatch(let certificate, let key):
            "the key in \(key) is not that of the certificate in \(certificate); name the two that belong together"
        case .expired(let path, let since):
            "the certificate in \(path) expired on \(Self.day(since)); get a new one, or use --tls self"
        case .notYetValid(let path, let from):
            "the certificate in \(path) is not valid before \(Self.day(from)); check the clock of this machine"
        case .refused(let path, let reason): "\(path) cannot be used for TLS (\(reason)); make a new certificate"
        case .cannotKeep(let path, let reason):
            "the self-signed certificate cannot be kept in \(path) (\(reason)); make that folder writable"
        }
    }

    private static func day(_ date: Date) -> String { String(date.ISO8601Format().prefix(10)) }
}
