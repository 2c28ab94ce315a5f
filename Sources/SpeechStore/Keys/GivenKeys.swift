import Crypto

/// Keys that whoever starts a server gives it. They are kept as hashes, in memory only.
public struct GivenKeys: Sendable {
    private let digests: [SHA256Digest]

    /// - Parameter keys: None for a server that asks for keys of the store alone.
    public init(_ keys: [String] = []) { digests = keys.map { SHA256.hash(data: Array($0.utf8)) } }

    /// Which key was shown, counted from 0; nil for one that is none of these.
    ///
    /// All are compared, and to their ends, so that the time tells nothing about how much of one was right.
    public func position(of shown: String) -> Int? {
        let digest = SHA256.hash(data: Array(shown.utf8))
        var found: Int?
        for (index, own) in digests.enumerated() where own == digest { found = index }
        return found
    }
}
