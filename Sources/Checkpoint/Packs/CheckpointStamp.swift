public import Compute
import Foundation
import Synchronization

extension CheckpointFolder {
    /// The files that decide the weights: configuration, model and AudioVAE.
    var weightFiles: [URL] {
        [folder.file(ModelConfiguration.fileName)]
            + [model, audioVAE].flatMap { source -> [URL] in
                if let sharded = source as? ShardedSafetensors { return [sharded.file] + sharded.shards.map(\.file) }
                return [source.file]
            }
    }

    /// A number that changes when the checkpoint does, from sizes, times and samples: milliseconds.
    ///
    /// It covers the size and the time of change of every file, name, type and shape of every tensor, and a sample of the
    /// first and of the middle bytes of each. Training changes every tensor, so a changed checkpoint differs even where
    /// its times were set back.
    ///
    /// - Throws: ``FileError``, ``TensorError``.
    public func stamp() throws -> UInt64 {
        var parts: [UInt8] = []
        func add<I: FixedWidthInteger>(_ number: I) { withUnsafeBytes(of: number.littleEndian) { parts += $0 } }
        for file in weightFiles {
            var status = Foundation.stat()
            guard stat(file.filePath, &status) == 0 else {
                throw FileError.system(doing: .open, file: file, code: errno)
            }
            parts += Array(file.lastPathComponent.utf8) + [0]
            add(Int64(status.st_size))
            add(Int64(status.st_mtim.tv_sec))
            add(Int64(status.st_mtim.tv_nsec))
        }
        for source in [model, audioVAE] {
            for name in source.tensors.keys.sorted() {
                let info = try source.info(name)
                parts += Array(name.utf8) + [0] + Array(info.type.rawValue.utf8) + [0]
                for size in info.shape { add(Int64(size)) }
                let sample = 256
                try source.withBytes(of: name) { bytes in
                    parts += bytes.prefix(sample)
                    parts += bytes.dropFirst(bytes.count / 2).prefix(sample)
                }
                source.relinquish(name)
            }
        }
        return Checksum.of(parts)
    }

    /// A checksum of every byte of the checkpoint's weights: reads all files.
    ///
    /// - Throws: ``FileError``.
    public func contentDigest(team: WorkerTeam) throws -> UInt64 {
        var digests: [UInt64] = []
        for file in weightFiles { digests.append(try FileDigest.of(file, team: team)) }
        return digests.withUnsafeBytes { Checksum.of($0) }
    }
}

/// A checksum of a file's content, computed block by block on several threads.
enum FileDigest {
    private static let blockSize = 8 << 20

    static func of(_ file: URL, team: WorkerTeam) throws -> UInt64 {
        let descriptor = open(file.filePath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError.system(doing: .open, file: file, code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError.system(doing: .read, file: file, code: errno) }
        let total = Int(status.st_size)
        let blocks = (total + blockSize - 1) / blockSize
        let digests = Mutex([UInt64](repeating: 0, count: blocks))
        let fault = Mutex<FileError?>(nil)
        team.split(blocks) { share in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: blockSize, alignment: 64)
            defer { buffer.deallocate() }
            for block in share {
                let start = block * blockSize
                let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(blockSize, total - start)])
                if let code = read(descriptor, at: start, into: wanted) {
                    fault.withLock { $0 = .system(doing: .read, file: file, code: code) }
                    return
                }
                let digest = Checksum.of(UnsafeRawBufferPointer(wanted))
                digests.withLock { $0[block] = digest }
            }
        }
        if let fault = fault.withLock({ $0 }) { throw fault }
        return digests.withLock { $0.withUnsafeBytes { Checksum.of($0) } } ^ UInt64(total)
    }

    /// Fills the buffer.
    ///
    /// - Returns: What went wrong, as `errno`; nil where all went well.
    private static func read(_ descriptor: Int32, at start: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int32? {
        var done = 0
        while done < buffer.count {
            let got = pread(
                descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(start + done))
            if got < 0 && errno == EINTR { continue }
            guard got > 0 else { return got == 0 ? EIO : errno }
            done += got
        }
        return nil
    }
}
