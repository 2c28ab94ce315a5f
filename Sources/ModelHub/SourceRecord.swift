import Foundation

/// Where a downloaded model came from: a file in its folder, which also tells downloaded models from others.
struct SourceRecord: Codable, Equatable {
    static let fileName = "mynah-source.json"

    var repository: String
    var endpoint: String
    /// The commit, or the branch where the hub tells no commit.
    var commit: String
    var files: [HubFile]

    /// The record of a model; nil where it has none that can be read.
    init?(of folder: URL) {
        guard let data = try? Data(contentsOf: folder.appendingPathComponent(Self.fileName)),
            let record = try? JSONDecoder().decode(SourceRecord.self, from: data)
        else { return nil }
        self = record
    }

    init(repository: HubRepository, endpoint: URL, commit: String, files: [HubFile]) {
        self.repository = repository.description
        self.endpoint = endpoint.absoluteString
        self.commit = commit
        self.files = files
    }

    func write(to folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: folder.appendingPathComponent(Self.fileName))
    }

    /// Whether all files are there, as far as their sizes tell.
    func isComplete(in folder: URL) -> Bool {
        files.allSatisfy { HubListing.isSafe($0.path) && folder.size(of: $0.path) == $0.size }
    }
}

extension URL {
    /// The size of a regular file in this folder; nil where it is none.
    func size(of path: String) -> Int? {
        var status = stat()
        let file = appendingPathComponent(path, isDirectory: false).path
        guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }
}
