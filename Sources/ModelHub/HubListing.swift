import Foundation

/// A file as a hub lists it, with what it tells of it.
struct ListedFile: Sendable {
    let path: String
    var size: Int?
    var digest: HubFile.Digest?
}

/// What a repository holds at one commit.
struct HubListing: Sendable {
    /// The commit that all files are fetched at; a branch where the hub does not tell.
    let commit: String
    let host: String
    let files: [ListedFile]

    static let fileLimit = 10_000
    private static let pageLimit = 20

    /// Asks the hub.
    ///
    /// - Throws: ``HubError``.
    static func fetch(_ repository: HubRepository, from source: HubSource, with client: HubClient) async throws -> Self
    {
        let listing =
            switch source.dialect {
            case .huggingFace: try await huggingFace(repository, source, client)
            case .modelScope: try await modelScope(repository, source, client)
            }
        guard listing.files.count <= fileLimit else {
            throw HubError.badListing(host: source.host, reason: "it has more than \(fileLimit) files")
        }
        for file in listing.files {
            guard isSafe(file.path) else { throw HubError.unsafeName(file.path, host: source.host) }
        }
        guard Set(listing.files.map(\.path)).count == listing.files.count else {
            throw HubError.badListing(host: source.host, reason: "it has a name twice")
        }
        return listing
    }

    /// Whether a name stays in the model's folder: relative, and no part of it is empty, `.` or `..`.
    static func isSafe(_ path: String) -> Bool {
        guard (1...512).contains(path.utf8.count), !path.contains("\\"),
            path.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 })
        else { return false }
        return path.components.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 200 }
    }
}

// MARK: Hugging Face

extension HubListing {
    private struct Revision: Decodable {
        var sha: String
    }

    private struct TreeEntry: Decodable {
        struct LFS: Decodable {
            var oid: String
            var size: Int
        }

        var type: String
        var path: String
        var size: Int?
        var oid: String?
        var lfs: LFS?
    }

    private static func huggingFace(
        _ repository: HubRepository, _ source: HubSource, _ client: HubClient
    ) async throws -> HubListing {
        let model = ["api", "models", repository.owner, repository.name]
        let what = "model \(repository)"
        let named = source.address(model + ["revision", repository.revision ?? "main"])
        let commit = try await client.json(Revision.self, at: named, what: what).value.sha
        guard HubFile.Digest.isHexadecimal(commit, count: 40) else {
            throw HubError.badListing(host: source.host, reason: "its commit is no commit")
        }
        var files: [ListedFile] = []
        var page = source.address(model + ["tree", commit], query: ["recursive": "true"])
        for _ in 0..<pageLimit {
            guard let address = page else { return HubListing(commit: commit, host: source.host, files: files) }
            let (entries, next) = try await client.json([TreeEntry].self, at: address, what: what)
            files += entries.filter { $0.type == "file" }.map(file)
            page = next
        }
        throw HubError.badListing(host: source.host, reason: "it has more than \(pageLimit) pages")
    }

    private static func file(_ entry: TreeEntry) -> ListedFile {
        if let lfs = entry.lfs {
            let digits = lfs.oid.hasPrefix("sha256:") ? String(lfs.oid.dropFirst(7)) : lfs.oid
            return ListedFile(path: entry.path, size: lfs.size, digest: HubFile.Digest(sha256: digits))
        }
        return ListedFile(path: entry.path, size: entry.size, digest: HubFile.Digest(gitBlob: entry.oid ?? ""))
    }
}

// MARK: ModelScope

extension HubListing {
    private struct Answer: Decodable {
        struct Content: Decodable {
            var files: [Entry]

            enum CodingKeys: String, CodingKey { case files = "Files" }
        }

        struct Entry: Decodable {
            var path: String
            var type: String
            var size: Int
            var sha256: String?

            enum CodingKeys: String, CodingKey {
                case path = "Path"
                case type = "Type"
                case size = "Size"
                case sha256 = "Sha256"
            }
        }

        var data: Content

        enum CodingKeys: String, CodingKey { case data = "Data" }
    }

    private static func modelScope(
        _ repository: HubRepository, _ source: HubSource, _ client: HubClient
    ) async throws -> HubListing {
        let revision = repository.revision ?? "master"
        let address = source.address(
            ["api", "v1", "models", repository.owner, repository.name, "repo", "files"],
            query: ["Revision": revision, "Recursive": "true"])
        let answer = try await client.json(Answer.self, at: address, what: "model \(repository)").value
        let files = answer.data.files.filter { $0.type == "blob" }.map { entry in
            ListedFile(path: entry.path, size: entry.size, digest: HubFile.Digest(sha256: entry.sha256 ?? ""))
        }
        return HubListing(commit: revision, host: source.host, files: files)
    }
}
