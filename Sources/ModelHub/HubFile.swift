import Crypto
import Foundation

/// A file to be fetched.
struct HubFile: Sendable, Hashable, Codable {
    /// What the bytes must hash to, in hexadecimal digits.
    enum Digest: Sendable, Hashable, Codable {
        case sha256(String)
        /// SHA-1 over `blob <size>\0` and the bytes: how git names small files.
        case gitBlob(String)

        /// nil unless it has the form of one.
        init?(sha256 text: String) {
            let digits = text.lowercased()
            guard Self.isHexadecimal(digits, count: 64) else { return nil }
            self = .sha256(digits)
        }

        /// nil unless it has the form of one.
        init?(gitBlob text: String) {
            let digits = text.lowercased()
            guard Self.isHexadecimal(digits, count: 40) else { return nil }
            self = .gitBlob(digits)
        }

        var text: String {
            switch self {
            case .sha256(let text), .gitBlob(let text): text
            }
        }

        static func isHexadecimal(_ text: String, count: Int) -> Bool {
            text.utf8.count == count && text.allSatisfy { $0.isASCII && $0.isHexDigit }
        }
    }

    /// Relative to the model's folder.
    let path: String
    let size: Int
    let digest: Digest
}

/// Hashes a file's bytes as its hub did.
struct DigestCheck {
    private let digest: HubFile.Digest
    private var sha256 = SHA256()
    private var sha1 = Insecure.SHA1()

    init(_ file: HubFile) {
        digest = file.digest
        sha1.update(data: Data("blob \(file.size)\0".utf8))
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch digest {
        case .sha256: sha256.update(bufferPointer: bytes)
        case .gitBlob: sha1.update(bufferPointer: bytes)
        }
    }

    /// Whether the bytes so far are the file's.
    var isRight: Bool {
        switch digest {
        case .sha256(let text): Self.digits(sha256.finalize()) == text
        case .gitBlob(let text): Self.digits(sha1.finalize()) == text
        }
    }

    private static func digits(_ digest: some Sequence<UInt8>) -> String {
        digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
