import Foundation
import Synchronization

/// One download of one model: lists, checks the disk, fetches, and puts the model in its place when all of it is there.
struct ModelDownload: Sendable {
    let repository: HubRepository
    let client: HubClient
    let place: ModelPlace
    let force: Bool
    let progress: @Sendable (DownloadProgress) -> Void

    func run() async throws {
        let listing = try await HubListing.fetch(repository, from: client.source, with: client)
        let files = try listing.needed(of: repository)
        try await onDisk { try prepare(for: files) }
        var done = 0
        let total = files.reduce(0) { $0 + $1.size }
        for file in files {
            let before = done
            let report: @Sendable (Int) -> Void = { bytes in
                progress(DownloadProgress(file: file.path, bytesDone: before + bytes, bytesTotal: total))
            }
            report(0)
            try await bring(file, at: listing.commit, report)
            done += file.size
        }
        try Task.checkCancellation()
        let record = SourceRecord(
            repository: repository, endpoint: client.source.endpoint, commit: listing.commit, files: files)
        try await onDisk { try finish(record) }
    }

    private var parts: URL { place.staging.appendingPathComponent(".parts", isDirectory: true) }

    private func partial(of file: HubFile) -> URL {
        parts.appendingPathComponent("\(file.digest.text).partial", isDirectory: false)
    }

    /// Makes the folders, and looks whether the disk can hold what is missing.
    private func prepare(for files: [HubFile]) throws(HubError) {
        try parts.makeFolder()
        for file in files where file.path.contains("/") {
            try place.staging.appendingPathComponent(file.path).deletingLastPathComponent().makeFolder()
        }
        var missing = 0
        for file in files where place.staging.size(of: file.path) != file.size {
            let isHere = !force && place.folder.size(of: file.path) == file.size
            let part = parts.size(of: partial(of: file).lastPathComponent) ?? 0
            missing += isHere ? 0 : max(file.size - part, 0)
        }
        var status = statvfs()
        guard statvfs(place.staging.path, &status) == 0 else { return }
        let free = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
        let needed = missing + client.settings.spareBytes
        guard Int(clamping: free) >= needed else {
            throw .diskTooSmall(
                path: place.staging.deletingLastPathComponent().path, neededBytes: needed,
                freeBytes: Int(clamping: free))
        }
    }

    /// Sees to it that a file lies in the staging folder, with the right bytes.
    private func bring(_ file: HubFile, at commit: String, _ report: @escaping @Sendable (Int) -> Void) async throws {
        let target = place.staging.appendingPathComponent(file.path, isDirectory: false)
        if try await onDisk({ try isThere(file, target) }) { return report(file.size) }
        guard let address = client.source.address(of: file.path, in: repository, commit: commit) else {
            throw HubError.notFound(what: "file \(file.path)", host: client.source.host)
        }
        let part = partial(of: file)
        let partial = try await onDisk { try PartialFile(part, of: file) }
        let download = FileDownload(client: client, address: address, file: file, partial: partial, progress: report)
        try await download.run()
        try await onDisk { try partial.move(to: target) }
    }

    /// Whether the file was fetched before: in this download, or for the model that this one replaces.
    private func isThere(_ file: HubFile, _ target: URL) throws(HubError) -> Bool {
        if place.staging.size(of: file.path) == nil, !force, place.folder.size(of: file.path) == file.size {
            // A second name costs no space. Where the disk has none such, the file is fetched again.
            _ = link(place.folder.appendingPathComponent(file.path).path, target.path)
        }
        guard let size = place.staging.size(of: file.path) else { return false }
        if size == file.size, try PartialFile(target, of: file).isRight { return true }
        guard unlink(target.path) == 0 else { throw .file(path: target.path, code: errno) }
        return false
    }

    /// Moves the model to its place, and what was there away.
    private func finish(_ record: SourceRecord) throws {
        let files = FileManager.default
        try files.removeItem(at: parts)
        try removeStrangers(record)
        try record.write(to: place.staging)
        let old = place.folder.deletingLastPathComponent().appendingPathComponent(".\(place.name).old")
        try? files.removeItem(at: old)
        if files.fileExists(atPath: place.folder.path), rename(place.folder.path, old.path) != 0 {
            throw HubError.file(path: place.folder.path, code: errno)
        }
        guard rename(place.staging.path, place.folder.path) == 0 else {
            let code = errno
            rename(old.path, place.folder.path)
            throw HubError.file(path: place.folder.path, code: code)
        }
        try? files.removeItem(at: old)
    }

    /// Removes files of an earlier version of the model that this one does not have.
    private func removeStrangers(_ record: SourceRecord) throws {
        let known = Set(record.files.map(\.path))
        let paths = FileManager.default.enumerator(atPath: place.staging.path)?.compactMap { $0 as? String } ?? []
        for path in paths where place.staging.size(of: path) != nil && !known.contains(path) {
            try FileManager.default.removeItem(at: place.staging.appendingPathComponent(path))
        }
    }
}
