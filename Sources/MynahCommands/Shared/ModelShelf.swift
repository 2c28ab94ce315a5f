import Foundation

/// Where models are looked for by name.
struct ModelShelf {
    /// Folders that hold models, in order.
    let folders: [URL]

    /// `./models`, `models` of the checkout that the program was built in, `MYNAH_MODELS`, and the user's own.
    static var standard: ModelShelf {
        let environment = ProcessInfo.processInfo.environment
        var folders = [URL(fileURLWithPath: "models", isDirectory: true)]
        if let program = Bundle.main.executableURL?.resolvingSymlinksInPath() {
            var place = program.deletingLastPathComponent()
            for _ in 0..<3 {
                place.deleteLastPathComponent()
                let candidate = place.appendingPathComponent("models", isDirectory: true)
                if isFolder(candidate) { folders.append(candidate) }
            }
            let prefix = program.deletingLastPathComponent().deletingLastPathComponent()
            let shared = prefix.appendingPathComponent("share/mynah/models", isDirectory: true)
            if isFolder(shared) { folders.append(shared) }
        }
        for path in (environment["MYNAH_MODELS"] ?? "").split(separator: ":") {
            folders.append(URL(fileURLWithPath: String(path), isDirectory: true))
        }
        folders.append(own)
        return ModelShelf(folders: folders)
    }

    /// The user's own folder, which downloads go to.
    static var own: URL { DataHome.folder("models") }

    /// The folder of a model: a path, or a name on the shelf.
    ///
    /// - Throws: ``CommandError/modelNotFound(name:searched:)``.
    func folder(of name: String) throws -> URL {
        let direct = URL(fileURLWithPath: name, isDirectory: true)
        if name.contains("/") || name == "." || name == ".." { return direct }
        for shelf in folders {
            let candidate = shelf.appendingPathComponent(name, isDirectory: true)
            if Self.holdsModel(candidate) { return candidate }
        }
        if Self.isFolder(direct) { return direct }
        throw CommandError.modelNotFound(name: name, searched: folders.map(\.path))
    }

    /// All models on the shelf; of two with one name, the first counts.
    func models() -> [(name: String, folder: URL)] {
        var seen: Set<String> = []
        var found: [(name: String, folder: URL)] = []
        for shelf in folders {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: shelf.path)) ?? []
            for name in names.sorted() where !name.hasPrefix(".") {
                let folder = shelf.appendingPathComponent(name, isDirectory: true)
                if Self.holdsModel(folder), seen.insert(name).inserted { found.append((name, folder)) }
            }
        }
        return found
    }

    private static func holdsModel(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent("config.json").path)
    }

    private static func isFolder(_ url: URL) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && isDirectory.boolValue
    }
}
