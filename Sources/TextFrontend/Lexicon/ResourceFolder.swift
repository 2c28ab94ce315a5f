import Foundation

/// The data files of this room, and how they are read.
enum ResourceFolder {
    /// Where a file is.
    static func file(_ file: String) throws(LexiconError) -> URL {
        let resources = RoomResources(of: "TextFrontend")
        guard let url = resources.url(file) else {
            throw .resourcesMissing(file: file, searched: resources.folders.map(\.path))
        }
        return url
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
