public import Foundation

/// A checkpoint cannot be converted as wished.
public enum ConversionError: CheckpointProblem, Equatable {
    /// Only f32, f16 and bf16 can be written.
    case unsupportedType(ElementType, file: URL)
    /// The number of values that f16 cannot hold.
    case outOfRange(name: String, count: Int, type: ElementType, file: URL)

    public var file: URL {
        switch self {
        case .unsupportedType(_, let file), .outOfRange(_, _, _, let file): file
        }
    }

    public var description: String {
        switch self {
        case .unsupportedType(let type, _):
            "\(place) cannot be converted to \(type.rawValue); choose f32, f16 or bf16"
        case .outOfRange(let name, let count, let type, _):
            "\(count) values of tensor \(name.quoted) in \(place) are beyond the range of \(type.rawValue); choose bf16"
        }
    }
}

/// Writes a checkpoint anew: everything as safetensors, the model's weights in another type if wished.
public enum CheckpointConverter {
    public struct Progress: Sendable, Equatable {
        public let bytesWritten: Int
        public let bytesTotal: Int
    }

    /// Small files that belong to a checkpoint and are copied as they are, where they exist.
    public static let companions = [
        "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "generation_config.json", "generation.json", "README.md", "LICENSE", "NOTICE",
    ]
    /// A folder of small files that is copied as well: the built-in voices that `generation.json` names.
    public static let voicesFolder = "voices"

    /// Converts a checkpoint into a new folder, which appears complete or not at all.
    ///
    /// - Parameters:
    ///   - target: A folder that does not exist yet, or is empty.
    ///   - type: The type of the model's floating-point weights, f32, f16 or bf16; nil leaves them as they are. The
    ///     AudioVAE always keeps its type: the reference runs it in f32 whatever the model's precision.
    /// - Throws: ``ConversionError``, ``FileError``, or what reading the weights throws.
    public static func convert(
        from source: CheckpointFolder, to target: URL, type: ElementType? = nil,
        progress: ((Progress) -> Void)? = nil
    ) throws {
        if let type, ![.f32, .f16, .bf16].contains(type) {
            throw ConversionError.unsupportedType(type, file: source.folder)
        }
        let writers = [
            ("model.safetensors", writer(source.model, type)), ("audiovae.safetensors", writer(source.audioVAE, nil)),
        ]
        let total = writers.reduce(0) { $0 + $1.1.byteCount }
        let parent = target.deletingLastPathComponent()
        // Headers and companions are small; 64 MiB covers them.
        if let free = freeSpace(at: parent), free < total + 64 << 20 {
            throw FileError.noSpace(file: target, needed: total + 64 << 20, free: free)
        }
        try withStagingFolder(for: target) { staging in
            try copyFiles(companions, from: source.folder, to: staging)
            let voices = source.folder.file(voicesFolder)
            if let names = try? FileManager.default.contentsOfDirectory(atPath: voices.filePath), !names.isEmpty {
                let copies = staging.file(voicesFolder)
                guard mkdir(copies.filePath, 0o755) == 0 else {
                    throw FileError.system(doing: .create, file: copies, code: errno)
                }
                try copyFiles(names.sorted(), from: voices, to: copies)
            }
            var done = 0
            for (name, writer) in writers {
                try writer.write(to: staging.file(name)) {
                    progress?(Progress(bytesWritten: done + $0, bytesTotal: total))
                }
                done += writer.byteCount
            }
        }
    }

    /// Copies the ordinary files among `names`.
    private static func copyFiles(_ names: [String], from source: URL, to target: URL) throws {
        for name in names where isRegularFile(source.file(name)) {
            let copy = try AtomicFile(target.file(name))
            let content = try FileBytes(source.file(name), mapped: false, limit: 256 << 20)
            try copy.write(content.bytes)
            try copy.commit()
        }
    }

    private static func writer(_ source: any TensorSource, _ type: ElementType?) -> SafetensorsWriter {
        var writer = SafetensorsWriter(metadata: ["format": "pt"])
        for info in source.tensors.values {
            guard let type, info.type.isReadableAsFloat, type != info.type else {
                writer.add(info) { sink in
                    try source.withBytes(of: info.name) { try sink($0) }
                    source.relinquish(info.name)
                }
                continue
            }
            writer.add(TensorInfo(name: info.name, type: type, shape: info.shape)) { sink in
                try convert(info, of: source, to: type, sink)
                source.relinquish(info.name)
            }
        }
        return writer
    }

    private static func convert(
        _ info: TensorInfo, of source: any TensorSource, to type: ElementType, _ sink: SafetensorsWriter.Sink
    ) throws {
        let size = info.type.byteCount
        var lost = 0
        try source.withBytes(of: info.name) { bytes in
            try FloatConversion.stream(info.count, as: type, into: sink) { range, target in
                let part = UnsafeRawBufferPointer(
                    rebasing: bytes[(range.lowerBound * size)..<(range.upperBound * size)])
                FloatConversion.read(part, as: info.type, into: target)
                if type == .f16 {
                    // Values from 65520 on round to infinity.
                    lost += target.count { $0.isFinite && $0.magnitude >= 65_520 }
                }
            }
        }
        guard lost == 0 else {
            throw ConversionError.outOfRange(name: info.name, count: lost, type: type, file: source.file)
        }
    }

    /// Runs `body` with a new folder beside `target`, which then takes the target's name; removes it on any error.
    private static func withStagingFolder(for target: URL, _ body: (URL) throws -> Void) throws {
        let plain = URL(fileURLWithPath: target.filePath, isDirectory: false)
        if let content = try? FileManager.default.contentsOfDirectory(atPath: plain.filePath) {
            guard content.isEmpty else { throw FileError.exists(file: target) }
        } else if access(plain.filePath, F_OK) == 0 {
            throw FileError.exists(file: target)
        }
        let tag = String(UInt64.random(in: 0 ... .max), radix: 36)
        let staging = plain.deletingLastPathComponent().file(".\(plain.lastPathComponent).\(tag).partial")
        guard mkdir(staging.filePath, 0o755) == 0 else {
            throw FileError.system(doing: .create, file: target, code: errno)
        }
        do {
            try body(staging)
            // Replaces an empty folder, fails on anything else that appeared meanwhile.
            guard rename(staging.filePath, plain.filePath) == 0 else {
                throw FileError.system(doing: .rename, file: target, code: errno)
            }
        } catch {
            try? FileManager.default.removeItem(at: staging)
            throw error
        }
        AtomicFile.synchronise(folder: plain.deletingLastPathComponent())
    }
}
