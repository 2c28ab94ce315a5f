import Crypto
import Foundation

/// What a client shows: `mynah_<id of the key>_<64 hexadecimal digits>`, the digits being 256 random bits.
///
/// The store keeps the SHA-256 of those bits. A slow hash with salt protects words that people think up and that can be
/// guessed; 256 random bits cannot, so that a fast hash gives nothing away and costs a request nothing.
struct KeySecret {
    let id: RecordID
    let bits: [UInt8]

    private static let prefix = "mynah_"

    /// A new secret.
    init(id: RecordID) {
        self.id = id
        bits = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
    }

    /// What somebody sent; nil unless it has the form of a key.
    init?(_ text: String) {
        guard text.utf8.count == Self.prefix.utf8.count + 32 + 1 + 64, text.hasPrefix(Self.prefix) else { return nil }
        let fields = text.dropFirst(Self.prefix.count).split(separator: "_", omittingEmptySubsequences: false)
        guard fields.count == 2, let id = RecordID(String(fields[0])), fields[1].utf8.count == 64 else { return nil }
        guard fields[1].utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else { return nil }
        let digits = fields[1].utf8.map { $0 < 58 ? $0 - 48 : $0 - 87 }
        self.id = id
        bits = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    var text: String {
        Self.prefix + id.description + "_" + bits.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// What the store keeps.
    var hash: Data { Data(SHA256.hash(data: bits)) }

    /// Compares with a kept hash, in a time that does not depend on where they differ.
    func matches(_ hash: Data) -> Bool { SHA256.hash(data: bits) == hash }
}
