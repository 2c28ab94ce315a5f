public import Compute
public import Foundation

/// Writes packed weights into a file that ``PackFile`` maps.
public enum PackWriter {
    /// Writes a pack under a temporary name and renames it when it is complete and on the disk, so that several processes
    /// may write the same pack at once.
    ///
    /// - Parameters:
    ///   - weights: Each with a name of its own.
    ///   - identity: What the pack belongs to.
    ///   - contentDigest: ``CheckpointFolder/contentDigest(team:)``.
    ///   - team: Computes the checksums.
    /// - Throws: ``FileError``; then there is no new file.
    public static func write(
        _ weights: [(name: String, weight: LinearWeight)], identity: PackIdentity, contentDigest: UInt64,
        to file: URL, team: WorkerTeam
    ) throws {
        var header = PackHeader(
            identity: identity, contentDigest: contentDigest, entries: weights.map(entry), fileByteCount: 0)
        checksum(weights.map(\.weight), into: &header.entries, team)
        var place = PackHeader.aligned(header.encoded().count)
        for index in header.entries.indices {
            let count = header.entries[index].range.count
            header.entries[index].range = place..<place + count
            place = PackHeader.aligned(place + count)
        }
        header.fileByteCount = place
        let folder = file.deletingLastPathComponent()
        removeAbandoned(beside: file)
        // A cache must not take the last of a disk.
        let needed = place + place / 4
        if let free = freeSpace(at: folder), free < needed {
            throw FileError.noSpace(file: file, needed: needed, free: free)
        }
        let output = try AtomicFile(file)
        let bytes = header.encoded()
        try output.write(bytes + padding(after: bytes.count))
        for (entry, item) in zip(header.entries, weights) {
            try item.weight.withPanels { try output.write($0) }
            try output.write(padding(after: entry.range.upperBound))
        }
        try output.commit()
    }

    private static func entry(_ item: (name: String, weight: LinearWeight)) -> PackHeader.Entry {
        let form = item.weight.form
        return PackHeader.Entry(
            name: item.name, outputs: form.outputs, inputs: form.inputs, precision: form.precision,
            isGated: form.isGated, range: 0..<item.weight.byteCount, checksum: 0)
    }

    private static func checksum(
        _ weights: [LinearWeight], into entries: inout [PackHeader.Entry], _ team: WorkerTeam
    ) {
        entries.withUnsafeMutableBufferPointer { entries in
            let entries = entries
            team.split(weights.count) { share in
                for index in share { entries[index].checksum = weights[index].withPanels { Checksum.of($0) } }
            }
        }
    }

    private static func padding(after offset: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: PackHeader.aligned(offset) - offset)
    }

    /// Removes what a writer left that was killed an hour ago or more.
    private static func removeAbandoned(beside file: URL) {
        let folder = file.deletingLastPathComponent()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.filePath)) ?? []
        for name in names where name.hasPrefix(".\(file.lastPathComponent).") && name.hasSuffix(".partial") {
            let partial = folder.file(name)
            var status = stat()
            guard stat(partial.filePath, &status) == 0, time(nil) - status.st_mtim.tv_sec > 3600 else { continue }
            unlink(partial.filePath)
        }
    }
}
