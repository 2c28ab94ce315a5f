public import Foundation

/// A folder does not hold a checkpoint.
public enum CheckpointFolderError: CheckpointProblem, Equatable {
    case noFolder(file: URL)
    case notAFolder(file: URL)
    /// None of the files that may hold a part is there.
    case missing(part: String, names: [String], file: URL)

    public var file: URL {
        switch self {
        case .noFolder(let file), .notAFolder(let file), .missing(_, _, let file): file
        }
    }

    public var description: String {
        switch self {
        case .noFolder: "there is no folder \(place); check the path or download the model first"
        case .notAFolder: "\(place) is not a folder; name the folder that holds the model's config.json"
        case .missing(let part, let names, _):
            "\(place) has no \(part) (looked for \(names.joined(separator: ", "))); download the complete model"
        }
    }
}

/// A checkpoint in the official layout: `config.json`, the model's weights, the AudioVAE's weights and `tokenizer.json`.
///
/// Where several files hold the same part, the reference's order decides: safetensors before a shard index before torch
/// archives.
public final class CheckpointFolder: Sendable {
    public static let modelNames = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"]
    public static let audioVAENames = ["audiovae.safetensors", "audiovae.pth"]
    public static let tokenizerName = "tokenizer.json"

    public let folder: URL
    public let configuration: ModelConfiguration
    /// Both language models, local encoder, local diffusion transformer, projections.
    public let model: any TensorSource
    /// Weight-norm pairs under the names `weight_g` and `weight_v`, also where the file has the newer names.
    public let audioVAE: any TensorSource
    public let tokenizerFile: URL
    /// `generation_config.json`, where there is one.
    public let generationFile: URL?

    /// Opens all files and checks their formats, but not yet that they hold what the model needs: see ``verify()``.
    ///
    /// - Parameter mapped: Map the weights or read them into memory; see ``SafetensorsFile``.
    /// - Throws: Any ``CheckpointProblem`` of this module.
    public init(_ folder: URL, mapped: Bool = true) throws {
        var status = stat()
        guard stat(folder.filePath, &status) == 0 else { throw CheckpointFolderError.noFolder(file: folder) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw CheckpointFolderError.notAFolder(file: folder) }
        self.folder = folder
        configuration = try ModelConfiguration.load(from: folder)
        tokenizerFile = try Self.first([Self.tokenizerName], part: "tokenizer", in: folder)
        model = try Self.open(Self.first(Self.modelNames, part: "model weights", in: folder), mapped)
        let vae = try Self.open(Self.first(Self.audioVAENames, part: "AudioVAE weights", in: folder), mapped)
        audioVAE = WeightNormNames.normalised(vae)
        let generation = folder.file("generation_config.json")
        generationFile = isRegularFile(generation) ? generation : nil
    }

    private static func first(_ names: [String], part: String, in folder: URL) throws -> URL {
        guard let found = names.map(folder.file).first(where: isRegularFile) else {
            throw CheckpointFolderError.missing(part: part, names: names, file: folder)
        }
        return found
    }

    private static func open(_ file: URL, _ mapped: Bool) throws -> any TensorSource {
        switch file.pathExtension {
        case "json": try ShardedSafetensors(index: file, mapped: mapped)
        case "safetensors": try SafetensorsFile(file, mapped: mapped)
        default: try TorchArchive(file, mapped: mapped)
        }
    }
}

/// Shows a state dict with torch's newer weight-norm names under the older ones.
final class WeightNormNames: TensorSource {
    let file: URL
    let tensors: [String: TensorInfo]
    private let source: any TensorSource
    private let originals: [String: String]

    private static let endings = [
        ".parametrizations.weight.original0": ".weight_g", ".parametrizations.weight.original1": ".weight_v",
    ]

    /// `source` itself where nothing has a newer name. A name whose older form is also there stays as it is.
    static func normalised(_ source: any TensorSource) -> any TensorSource {
        var originals: [String: String] = [:]
        for name in source.tensors.keys {
            for (newer, older) in endings where name.hasSuffix(newer) {
                let wished = name.dropLast(newer.count) + older
                if source.tensors[String(wished)] == nil { originals[String(wished)] = name }
            }
        }
        return originals.isEmpty ? source : WeightNormNames(source, originals)
    }

    private init(_ source: any TensorSource, _ originals: [String: String]) {
        self.source = source
        self.originals = originals
        file = source.file
        var tensors = source.tensors
        for (wished, original) in originals {
            guard let info = tensors.removeValue(forKey: original) else { continue }
            tensors[wished] = TensorInfo(name: wished, type: info.type, shape: info.shape)
        }
        self.tensors = tensors
    }

    func withBytes<R>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        guard tensors[name] != nil else { throw TensorError.missing(name: name, file: file) }
        return try source.withBytes(of: originals[name] ?? name, body)
    }

    func relinquish(_ name: String) { source.relinquish(originals[name] ?? name) }
}
