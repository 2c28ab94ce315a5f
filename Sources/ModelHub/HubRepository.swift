import Foundation

/// A model on a hub: who publishes it, its name, and which version.
public struct HubRepository: Sendable, Hashable, CustomStringConvertible {
    public let owner: String
    public let name: String
    /// A branch, tag or commit; nil for the hub's main branch.
    public let revision: String?

    /// - Parameter text: `OWNER/NAME`.
    /// - Throws: ``HubError/badRepository(_:)``, ``HubError/badRevision(_:)``.
    public init(_ text: String, revision: String? = nil) throws(HubError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ Self.isPlain($0) }) else { throw .badRepository(text) }
        if let revision {
            let steps = revision.split(separator: "/", omittingEmptySubsequences: false)
            guard revision.utf8.count <= 200, steps.allSatisfy({ Self.isPlain($0) }) else {
                throw .badRevision(revision)
            }
        }
        owner = String(parts[0])
        name = String(parts[1])
        self.revision = revision
    }

    public var description: String { "\(owner)/\(name)" }

    /// Letters, digits, `.`, `_` and `-`, but not first; so a name is never `..` and never hidden.
    static func isPlain(_ name: some StringProtocol) -> Bool {
        guard let first = name.first, (1...96).contains(name.utf8.count), first.isASCII,
            first.isLetter || first.isNumber
        else { return false }
        return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    }
}
