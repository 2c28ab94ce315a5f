public import Foundation

/// The folder that holds the downloaded models of a user.
///
///     SHELF/NAME              a model, complete
///     SHELF/.NAME.download    what is there of one that is not: finished files, and parts under the digest that the
///                             whole must have
///     SHELF/.NAME.lock        held by the process that downloads or removes it
public struct DownloadedModels: Sendable {
    public let shelf: URL

    public init(_ shelf: URL) { self.shelf = shelf }

    /// Downloads a model; what an earlier try left is used.
    ///
    /// Nothing is asked of the network where the model is there, whole, and `force` is not set.
    ///
    /// - Parameter environment: `HTTPS_PROXY` and `https_proxy` are read.
    /// - Returns: Its folder, and whether anything was fetched.
    /// - Throws: ``HubError``. `CancellationError` where the task is cancelled: the next try goes on from there.
    public func pull(
        _ repository: HubRepository, from source: HubSource, force: Bool = false, environment: [String: String] = [:],
        settings: HubSettings = HubSettings(), progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
    ) async throws -> (folder: URL, isNew: Bool) {
        let place = ModelPlace(repository.name, in: shelf)
        let lock = try await onDisk { [shelf] in
            try shelf.makeFolder()
            return try DownloadLock(repository.name, in: shelf)
        }
        defer { withExtendedLifetime(lock) {} }
        if try place.isComplete(repository, force: force) { return (place.folder, false) }
        let proxy = ProxyAddress.proxy(environment, for: source)
        try await HubClient.run(source, settings, proxy: proxy) { client in
            let download = ModelDownload(
                repository: repository, client: client, place: place, force: force, progress: progress)
            try await download.run()
        }
        return (place.folder, true)
    }

    /// Removes a downloaded model, or what is there of one.
    ///
    /// - Returns: How many bytes were freed.
    /// - Throws: ``HubError/notDownloaded(name:shelf:)`` also for models that came in another way.
    @discardableResult public func remove(_ name: String) throws(HubError) -> Int {
        guard HubRepository.isPlain(name) else { throw .notDownloaded(name: name, shelf: shelf.path) }
        let place = ModelPlace(name, in: shelf)
        let isDownloaded = SourceRecord(of: place.folder) != nil
        guard isDownloaded || FileManager.default.fileExists(atPath: place.staging.path) else {
            throw .notDownloaded(name: name, shelf: shelf.path)
        }
        let lock = try DownloadLock(name, in: shelf)
        defer { withExtendedLifetime(lock) {} }
        var bytes = 0
        for folder in (isDownloaded ? [place.folder] : []) + [place.staging] {
            bytes += folder.bytesInside
            guard FileManager.default.fileExists(atPath: folder.path) else { continue }
            do { try FileManager.default.removeItem(at: folder) } catch { throw .file(path: folder.path, code: EIO) }
        }
        return bytes
    }
}

/// Where a model and its download lie.
struct ModelPlace: Sendable {
    let name: String
    let folder: URL
    let staging: URL

    init(_ name: String, in shelf: URL) {
        self.name = name
        folder = shelf.appendingPathComponent(name, isDirectory: true)
        staging = shelf.appendingPathComponent(".\(name).download", isDirectory: true)
    }

    /// Whether the wished model is there, whole.
    ///
    /// - Throws: ``HubError/exists(path:)`` where something is there that must not be replaced.
    func isComplete(_ repository: HubRepository, force: Bool) throws(HubError) -> Bool {
        guard !force, FileManager.default.fileExists(atPath: folder.path) else { return false }
        guard let record = SourceRecord(of: folder), record.repository == repository.description else {
            throw .exists(path: folder.path)
        }
        if let revision = repository.revision, revision != record.commit { return false }
        return record.isComplete(in: folder)
    }
}

extension URL {
    /// Makes this folder and those above it.
    func makeFolder() throws(HubError) {
        do { try FileManager.default.createDirectory(at: self, withIntermediateDirectories: true) } catch {
            throw .file(path: path, code: EACCES)
        }
    }

    /// Bytes of all regular files in this folder.
    var bytesInside: Int {
        let paths = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        return paths.reduce(0) { $0 + (size(of: $1) ?? 0) }
    }
}
