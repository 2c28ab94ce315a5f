public import Foundation

/// The index of a sharded checkpoint does not agree with its files.
public struct ShardIndexError: CheckpointProblem, Equatable {
    public enum Fault: Sendable, Equatable {
        /// No object `weight_map` with strings.
        case noWeightMap
        case tooManyShards(count: Int, limit: Int)
        /// Not a plain name beside the index that ends in `.safetensors`.
        case badShardName(String)
        case missingShard(String)
        /// The index promises a tensor that its shard does not have.
        case missingTensor(name: String, shard: String)
        /// A shard holds a tensor that the index gives to another shard or not at all.
        case unlistedTensor(name: String, shard: String)
        case ambiguousName(String)
    }

    public let file: URL
    public let fault: Fault

    public var description: String { "\(place): \(reason)" }

    private var reason: String {
        switch fault {
        case .noWeightMap: "there is no weight_map from tensor names to files; download the index again"
        case .tooManyShards(let count, let limit):
            "it names \(count) files, more than \(limit); check that it is the right index"
        case .badShardName(let name):
            "\(name.quoted) is not a plain safetensors file name beside the index; do not use this checkpoint"
        case .missingShard(let name): "the file \(name.quoted) is missing; download it into the same folder"
        case .missingTensor(let name, let shard):
            "tensor \(name.quoted) is not in \(shard.quoted); download both files again"
        case .unlistedTensor(let name, let shard):
            "tensor \(name.quoted) is in \(shard.quoted) but the index does not place it there; "
                + "download both files again"
        case .ambiguousName(let name): "the tensor name \(name.quoted) appears in two spellings; export it again"
        }
    }
}

/// The safetensors files that an index (`model.safetensors.index.json`) combines to one set of tensors.
public final class ShardedSafetensors: TensorSource {
    public let file: URL
    public let tensors: [String: TensorInfo]
    /// The files, sorted by name.
    public let shards: [SafetensorsFile]
    private let owner: [String: SafetensorsFile]

    /// Opens the index and all its files, which must lie beside it.
    ///
    /// - Throws: ``FileError``, ``JSONFileError``, ``ShardIndexError`` or ``SafetensorsError``.
    public init(index: URL, mapped: Bool = true) throws {
        file = index
        let limits = StrictJSON.Limits(byteCount: 16 << 20, depth: 8, valueCount: 200_000)
        guard let map = try StrictJSON.parse(file: index, limits: limits).asObject?["weight_map"]?.asObject else {
            throw ShardIndexError(file: index, fault: .noWeightMap)
        }
        var places: [String: String] = [:]
        for (name, value) in map.members {
            guard let shard = value.asString else { throw ShardIndexError(file: index, fault: .noWeightMap) }
            guard Self.isPlainName(shard) else { throw ShardIndexError(file: index, fault: .badShardName(shard)) }
            guard places.updateValue(shard, forKey: name) == nil else {
                throw ShardIndexError(file: index, fault: .ambiguousName(name))
            }
        }
        let names = Set(places.values).sorted()
        guard names.count <= 1000 else {
            throw ShardIndexError(file: index, fault: .tooManyShards(count: names.count, limit: 1000))
        }
        var opened: [String: SafetensorsFile] = [:]
        for name in names {
            let url = index.deletingLastPathComponent().file(name)
            guard isRegularFile(url) else { throw ShardIndexError(file: index, fault: .missingShard(name)) }
            let shard = try SafetensorsFile(url, mapped: mapped)
            if let stray = shard.tensors.keys.sorted().first(where: { places[$0] != name }) {
                throw ShardIndexError(file: index, fault: .unlistedTensor(name: stray, shard: name))
            }
            opened[name] = shard
        }
        var tensors: [String: TensorInfo] = [:]
        var owner: [String: SafetensorsFile] = [:]
        for (name, place) in places.sorted(by: { $0.key < $1.key }) {
            guard let shard = opened[place], let info = shard.tensors[name] else {
                throw ShardIndexError(file: index, fault: .missingTensor(name: name, shard: place))
            }
            tensors[name] = info
            owner[name] = shard
        }
        self.tensors = tensors
        self.owner = owner
        shards = names.compactMap { opened[$0] }
    }

    public func withBytes<R>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        guard let shard = owner[name] else { throw TensorError.missing(name: name, file: file) }
        return try shard.withBytes(of: name, body)
    }

    public func relinquish(_ name: String) { owner[name]?.relinquish(name) }

    private static func isPlainName(_ name: String) -> Bool {
        name.hasSuffix(".safetensors") && name.utf8.count <= 255 && !name.hasPrefix(".") && !name.contains("..")
            && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
    }
}
