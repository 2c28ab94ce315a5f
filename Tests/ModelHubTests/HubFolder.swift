import Foundation

@testable import ModelHub

/// A shelf of its own for a test, and the way to fill it from a hub on this machine.
final class HubFolder: Sendable {
    let shelf: URL

    init() throws {
        shelf = FileManager.default.temporaryDirectory.appendingPathComponent("hub-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: shelf, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: shelf) }

    var models: DownloadedModels { DownloadedModels(shelf) }

    /// Impatient, and without a wish for free space.
    static var settings: HubSettings {
        var settings = HubSettings()
        settings.firstWaitSeconds = 0.001
        settings.longestWaitSeconds = 0.01
        settings.spareBytes = 0
        return settings
    }

    @discardableResult func pull(
        _ hub: LocalHub, dialect: HubSource.Dialect = .huggingFace, token: String? = nil, force: Bool = false,
        settings: HubSettings = HubFolder.settings, progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
    ) async throws -> Bool {
        let source = try HubSource(dialect, endpoint: hub.address, token: token)
        return try await models.pull(
            HubRepository("ada/tiny"), from: source, force: force, settings: settings, progress: progress
        ).isNew
    }

    var folder: URL { shelf.appendingPathComponent("tiny") }

    /// The names of a model's files, without our own record.
    var files: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0 != SourceRecord.fileName }.sorted()
    }

    /// Everything on the shelf.
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: shelf.path)) ?? []).sorted() }

    /// Bytes of what is not yet whole.
    var partialBytes: Int { shelf.appendingPathComponent(".tiny.download/.parts").bytesInside }

    func content(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }
}
