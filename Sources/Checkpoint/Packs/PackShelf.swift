public import Foundation

/// Where packed weights are kept: beside the checkpoint where its folder can be written, else in the user's cache folder.
public struct PackShelf: Sendable {
    /// The folder for packs of checkpoints whose own folders cannot be written.
    public let cacheFolder: URL

    public init(cacheFolder: URL) { self.cacheFolder = cacheFolder }

    /// `$XDG_CACHE_HOME/mynah/packs`, or `~/.cache/mynah/packs`.
    public static var standard: PackShelf {
        let environment = ProcessInfo.processInfo.environment
        // The specification has relative paths passed over.
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? URL(fileURLWithPath: $0) : nil }
        let base = cache ?? URL(fileURLWithPath: NSHomeDirectory()).appendingPathComponent(".cache")
        return PackShelf(cacheFolder: base.appendingPathComponent("mynah/packs", isDirectory: true))
    }

    /// The two files that may hold a checkpoint's packed weights, the one beside it first.
    public func files(for checkpoint: URL, precision: String) -> [URL] {
        let real = checkpoint.resolvingSymlinksInPath()
        let key = String(Checksum.of(Array(real.filePath.utf8)), radix: 16)
        let name = real.lastPathComponent.filter { $0.isLetter || $0.isNumber || "-_.".contains($0) }.prefix(64)
        return [
            checkpoint.file("mynah-\(precision).pack"), cacheFolder.file("\(name)-\(key)-\(precision).pack"),
        ]
    }

    /// The file to write: beside the checkpoint where that folder can be written, else in the cache folder, which is
    /// made where it is missing.
    ///
    /// - Throws: ``FileError`` where neither can be written.
    public func writableFile(for checkpoint: URL, precision: String) throws -> URL {
        let files = files(for: checkpoint, precision: precision)
        if access(checkpoint.filePath, W_OK) == 0 { return files[0] }
        do {
            try FileManager.default.createDirectory(
                at: cacheFolder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw FileError.system(doing: .create, file: cacheFolder, code: EACCES)
        }
        guard access(cacheFolder.filePath, W_OK) == 0 else {
            throw FileError.system(doing: .write, file: cacheFolder, code: errno)
        }
        return files[1]
    }
}
