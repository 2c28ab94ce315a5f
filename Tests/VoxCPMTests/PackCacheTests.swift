import Checkpoint
import Compute
import Foundation
import TestSupport
import Testing

@testable import VoxCPM

/// The cache of packed weights: whatever lies in the file's place, a model speaks as if there were no cache.
struct PackCacheTests {
    private static let precision = Precision.int8

    /// A copy of the tiny checkpoint in a folder of its own, and a cache that keeps even that.
    private final class Place {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("mynah-\(UUID().uuidString)")
        let checkpoint: URL
        let cache: PackCache

        init() throws {
            checkpoint = root.appendingPathComponent("model")
            try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: Fixtures.folder.appendingPathComponent("v15/checkpoint"), to: checkpoint)
            cache = PackCache(
                shelf: PackShelf(cacheFolder: root.appendingPathComponent("cache")), minimumByteCount: 0)
        }

        deinit { try? FileManager.default.removeItem(at: root) }

        var pack: URL { checkpoint.appendingPathComponent("mynah-int8.pack") }

        func load(_ precision: Precision = precision, packs: PackCache? = nil) throws -> VoxCPMModel {
            try VoxCPMModel(
                try CheckpointFolder(checkpoint), precision: precision, threads: 2, packs: packs ?? cache)
        }
    }

    private func speak(_ model: VoxCPMModel) throws -> [Float] {
        var request = GenerationRequest(tokens: [300, 301, 302])
        request.prompt = try model.encodePrompt((0..<9000).map { sin(Float($0) * 0.05) })
        request.seed = 3
        request.steps = 3
        request.minPatches = 3
        request.maxPatches = 3
        return try model.generate(request).samples
    }

    private func plain(_ precision: Precision = precision) throws -> [Float] {
        try speak(try ReferenceModel.load("v15", precision: precision))
    }

    @Test(arguments: Precision.allCases) func theSecondStartMapsWhatTheFirstPacked(precision: Precision) throws {
        let place = try Place()
        let file = place.checkpoint.appendingPathComponent("mynah-\(precision.rawValue).pack")
        let expected = try plain(precision)
        let first = try place.load(precision)
        #expect(first.packs == .written(file))
        let second = try place.load(precision)
        #expect(second.packs == .found(file))
        #expect(second.panels.packedCount == 0)
        #expect(try speak(first) == expected)
        #expect(try speak(second) == expected)
        // The prompt's encoder came from the pack as well.
        #expect(second.panels.packedCount == 0)
        #expect(try PackFile(file).damagedWeights(team: WorkerTeam(count: 2)).isEmpty)
    }

    @Test func whateverLiesThereIsReplaced() throws {
        let place = try Place()
        let expected = try plain()
        _ = try place.load()
        let good = try Data(contentsOf: place.pack)
        var flipped = good
        flipped[50] ^= 1
        let bad = [Data(), Data("MYNAHPK1".utf8), good.prefix(4000), good.dropLast(), flipped, good + good]
        for content in bad {
            try content.write(to: place.pack)
            let model = try place.load()
            #expect(model.packs == .written(place.pack))
            #expect(try speak(model) == expected)
            #expect(try Data(contentsOf: place.pack) == good)
        }
    }

    @Test func aPackOfAnotherPrecisionIsNotUsed() throws {
        let place = try Place()
        _ = try place.load(.bf16)
        try FileManager.default.moveItem(
            at: place.checkpoint.appendingPathComponent("mynah-bf16.pack"), to: place.pack)
        let model = try place.load()
        #expect(model.packs == .written(place.pack))
        #expect(try speak(model) == plain())
    }

    @Test func aChangedCheckpointIsNoticed() throws {
        let place = try Place()
        _ = try place.load()
        let before = try CheckpointFolder(place.checkpoint).stamp()
        // One tensor, same size, and the time of change set back.
        let weights = place.checkpoint.appendingPathComponent("model.safetensors")
        let time = try FileManager.default.attributesOfItem(atPath: weights.path)[.modificationDate]
        let source = try SafetensorsFile(weights)
        var writer = SafetensorsWriter()
        for (name, info) in source.tensors {
            var values = try source.floats(name)
            if name == "base_lm.layers.0.self_attn.q_proj.weight" {
                for index in values.indices { values[index] *= -1 }
            }
            writer.add(name, shape: info.shape, floats: values, as: info.type)
        }
        try writer.write(to: weights)
        if let time { try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: weights.path) }
        #expect(try CheckpointFolder(place.checkpoint).stamp() != before)
        let model = try place.load()
        #expect(model.packs == .written(place.pack))
        let fresh = try VoxCPMModel(try CheckpointFolder(place.checkpoint), precision: Self.precision, threads: 2)
        #expect(try speak(model) == speak(fresh))
        #expect(try speak(model) != plain())
    }

    @Test func theDigestCoversEveryByte() throws {
        let place = try Place()
        let team = WorkerTeam(count: 2)
        let weights = place.checkpoint.appendingPathComponent("model.safetensors")
        let before = try CheckpointFolder(place.checkpoint).contentDigest(team: team)
        var bytes = try Data(contentsOf: weights)
        bytes[bytes.count - 3] ^= 1
        try bytes.write(to: weights)
        #expect(try CheckpointFolder(place.checkpoint).contentDigest(team: team) != before)
    }

    @Test func smallModelsAreNotKept() throws {
        let place = try Place()
        let cache = PackCache(shelf: place.cache.shelf)
        #expect(try place.load(packs: cache).packs == .tooSmall)
        #expect(!FileManager.default.fileExists(atPath: place.pack.path))
    }

    @Test func withoutAPlaceTheModelRunsAllTheSame() throws {
        let place = try Place()
        // A folder where the pack should be cannot be replaced, and neither can it be read.
        try FileManager.default.createDirectory(at: place.pack, withIntermediateDirectories: false)
        let model = try place.load()
        guard case .failed(let reason) = model.packs else {
            Issue.record("\(model.packs)")
            return
        }
        #expect(reason.contains("mynah-int8.pack"))
        #expect(try speak(model) == plain())
    }

    @Test func packsOfUnwritableFoldersLieInTheCacheFolder() throws {
        let shelf = PackShelf(
            cacheFolder: FileManager.default.temporaryDirectory.appendingPathComponent(
                "mynah-\(UUID().uuidString)/packs"))
        defer { try? FileManager.default.removeItem(at: shelf.cacheFolder.deletingLastPathComponent()) }
        // Nobody can write there, not even root.
        let checkpoint = URL(fileURLWithPath: "/proc/self", isDirectory: true)
        let file = try shelf.writableFile(for: checkpoint, precision: "int8")
        #expect(file == shelf.files(for: checkpoint, precision: "int8")[1])
        #expect(file.path.hasPrefix(shelf.cacheFolder.path))
        #expect(FileManager.default.fileExists(atPath: shelf.cacheFolder.path))
    }
}
