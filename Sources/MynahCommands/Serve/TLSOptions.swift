import ArgumentParser
import Foundation
import SpeechServer

/// Whether connections are encrypted, and with which certificate.
struct TLSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The server's certificate in PEM form, with those between it and its root; goes with --tls-key.",
            valueName: "file"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("The certificate's private key in PEM form, without a password.", valueName: "file"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "\"self\" makes a certificate, keeps it, and tells its fingerprint; browsers ask once whether to trust it.",
            valueName: "self"))
    var tls: String?

    func validate() throws {
        if let tls, tls != "self" { throw ValidationError("--tls is \(tls), but can only be self.") }
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key go together; name both.")
        }
        if tls != nil, tlsCert != nil { throw ValidationError("--tls self does not go with --tls-cert; choose one.") }
    }

    /// The server's certificate; nil for none.
    ///
    /// - Parameter folder: Where a certificate that is made is kept.
    /// - Throws: `TLSError`.
    func identity(
        for configuration: ServerConfiguration, keptIn folder: URL
    ) throws -> TLSIdentity? {
        if let tlsCert, let tlsKey { return try TLSIdentity(certificateFile: tlsCert, keyFile: tlsKey) }
        guard tls != nil else { return nil }
        let names = TLSIdentity.names(for: configuration.host, and: configuration.hostNames)
        return try TLSIdentity.selfSigned(keptIn: folder, for: names)
    }
}
