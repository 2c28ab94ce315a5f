import Foundation

/// Where the data files of this room lie, and how they are read.
enum ResourceFolder {
    private static let name = "mynah_TextFrontend.resources"

    /// Beside the program, where the build puts it, or in the share folder of an installation.
    ///
    /// `Bundle.module` is not asked: it holds the path of the build machine and stops the program when that is gone.
    private static var candidates: [URL] {
        guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return [] }
        let folder = program.deletingLastPathComponent()
        let prefix = folder.deletingLastPathComponent()
        return [
            folder.appendingPathComponent(name),
            prefix.appendingPathComponent("share/mynah/\(name)"),
            prefix.appendingPathComponent("lib/mynah/\(name)"),
        ]
    }

    /// The first of the candidate folders that has this file.
    static func file(_ file: String) throws(LexiconError) -> URL {
        let folders = candidates
        for folder in folders {
            // `.copy("Resources")` keeps the folder's name; an installer may leave it out.
            for url in [folder.appendingPathComponent("Resources/\(file)"), folder.appendingPathComponent(file)]
            where FileManager.default.fileExists(atPath: url.path) {
                return url
            }
        }
        throw .resourcesMissing(file: file, searched: folders.map(\.path))
    }

    /// The bytes of a file of a bounded size.
    static func read(_ url: URL, limit: Int) throws(LexiconError) -> [UInt8] {
        let path = url.path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            throw .unreadable(path: path, reason: "there is no such file")
        }
        let size = attributes[.size] as? Int ?? 0
        guard size <= limit else { throw .tooLarge(path: path, bytes: size, limit: limit) }
        guard attributes[.type] as? FileAttributeType == .typeRegular, let data = try? Data(contentsOf: url) else {
            throw .unreadable(path: path, reason: "it is not a readable file")
        }
        return [UInt8](data)
    }
}
