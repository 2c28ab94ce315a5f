import Foundation
import TestSupport
import Testing

@testable import Checkpoint

/// Damaged files must be refused with one of our errors or read, never end the process.
///
/// The same damage in every run, for a moment; `MYNAH_FUZZ_SECONDS` makes each parser run that long, with damage
/// that depends on the time. Inputs that once went wrong belong into ``FuzzCorpus``, which is always run.
@Suite(.serialized) struct FuzzTests {
    /// What is fed with damaged input.
    enum Parser: String, CaseIterable, Sendable {
        case json, configuration, safetensors, index, pickle, zip

        /// Inputs in the normal test run; configurations take several milliseconds each.
        var shortRuns: Int { self == .configuration ? 50 : 200 }

        /// Small valid inputs.
        func seeds() throws -> [[UInt8]] {
            let tensor = Pickle.tensor(Pickle.storage(count: 6), offset: 0, shape: [3, 2], strides: [1, 3])
            let pickle = Pickle.file(Pickle.dictionary([("state_dict", Pickle.dictionary([("w", tensor)]))]))
            switch self {
            case .json:
                return [
                    #"{"a":[1,-2.5e3,true,null,"x\u00e9\ud83d\ude00\n"],"b":{"c":[[],{}]}}"#, "[[[[1]]]]", "\"é\"",
                ].map { Array($0.utf8) }
            case .configuration:
                return try ["v15", "v05b"].map {
                    [UInt8](
                        try Data(
                            contentsOf: CheckpointFolderTests.fixture($0).appendingPathComponent("config.json")))
                }
            case .safetensors:
                let two =
                    #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"#
                    + #""b":{"dtype":"BF16","shape":[],"data_offsets":[24,26]}}"#
                return [
                    CheckpointTests.safetensors(two, data: 26),
                    CheckpointTests.safetensors(
                        #"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}   "#, data: 4),
                ]
            case .index:
                return [Array(#"{"metadata":{},"weight_map":{"one":"one.safetensors","two":"two.safetensors"}}"#.utf8)]
            case .pickle:
                let ordered = Pickle.global("collections", "OrderedDict") + Pickle.emptyTuple + Pickle.reduce
                let parameter =
                    Pickle.global("torch._utils", "_rebuild_parameter")
                    + Pickle.tuple([tensor, Pickle.no, ordered]) + Pickle.reduce
                return [
                    pickle,
                    Pickle.file(
                        ordered + [0x71, 0] + Pickle.text("w") + parameter + Pickle.setItem + Pickle.emptyDictionary
                            + Pickle.build),
                ]
            case .zip:
                var zip = Pickle.archive(pickle)
                let plain = zip.bytes()
                for index in zip.records.indices { zip.records[index].usesDescriptor = true }
                zip.wideEnd = { _ in }
                zip.records[2].wideSize = 24
                zip.comment = [1, 2, 3]
                return [plain, zip.bytes()]
            }
        }

        /// Reads the bytes and, where they are accepted, every tensor in them.
        func read(_ bytes: [UInt8], in folder: TemporaryFolder) throws {
            switch self {
            case .json: _ = try StrictJSON.parse(bytes)
            case .configuration:
                let model = try ModelConfiguration(try StrictJSON.parse(bytes), file: folder.path("config.json"))
                // A configuration that is accepted must be one that can be computed with.
                let sizes = ExpectedTensor.all(for: model).map(\.count)
                _ = model.samplesPerPatch + model.promptSamplesPerPatch + sizes.reduce(0, +)
                #expect(model.languageModel.ropeMagnitude.isFinite)
                #expect(model.localDiT.ropeFactors.count == model.localDiT.headSize / 2 || !model.localDiT.usesRoPE)
            case .safetensors:
                try Self.readAll(SafetensorsFile(try folder.write("x.safetensors", bytes), mapped: false))
            case .index: try Self.readAll(ShardedSafetensors(index: try folder.write("index.json", bytes)))
            case .pickle: try Self.readAll(TorchArchive(try folder.write("x", Pickle.archive(bytes).bytes())))
            case .zip: try Self.readAll(TorchArchive(try folder.write("x", bytes)))
            }
        }

        private static func readAll(_ source: any TensorSource) throws {
            for info in source.tensors.values {
                try source.withBytes(of: info.name) { bytes in
                    #expect(bytes.count == info.byteCount)
                    _ = bytes.reduce(0) { $0 ^ $1 }
                }
                if info.type.isReadableAsFloat { #expect(try source.floats(info.name).count == info.count) }
            }
        }
    }

    /// True where the input was accepted; anything but our own errors is an issue.
    private static func accepts(_ parser: Parser, _ bytes: [UInt8], in folder: TemporaryFolder) -> Bool {
        do {
            try parser.read(bytes, in: folder)
            return true
        } catch let error as any CheckpointProblem {
            if error.description.isEmpty { Issue.record("an error without words") }
        } catch is StrictJSONError {
        } catch {
            Issue.record("\(parser) threw \(error) on \(Data(bytes).base64EncodedString())")
        }
        return false
    }

    private static func folderWithShards() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in ["one", "two"] {
            var writer = SafetensorsWriter()
            writer.add(name, shape: [1], floats: [1])
            try writer.write(to: folder.path("\(name).safetensors"))
        }
        return folder
    }

    @Test(arguments: Parser.allCases) func damagedInputIsHarmless(parser: Parser) throws {
        let folder = try Self.folderWithShards()
        let seeds = try parser.seeds()
        for seed in seeds { #expect(Self.accepts(parser, seed, in: folder), "a seed of \(parser)") }
        let seconds = ProcessInfo.processInfo.environment["MYNAH_FUZZ_SECONDS"].flatMap(Double.init)
        let start = ContinuousClock.now
        let seed = seconds == nil ? 42 : UInt64(Date().timeIntervalSince1970 * 1000)
        var mutator = Mutator(random: SeededGenerator(state: seed))
        var pool = seeds
        var runs = 0
        while seconds.map({ ContinuousClock.now - start < .seconds($0) }) ?? (runs < parser.shortRuns) {
            let first = pool[Int.random(in: 0..<pool.count, using: &mutator.random)]
            let second = pool[Int.random(in: 0..<pool.count, using: &mutator.random)]
            let input = mutator.mutate(first, with: second)
            // The last input is on disk before it is tried: a trap leaves it there.
            if seconds != nil { try Data(input).write(to: Self.lastInput(parser)) }
            // Damage that is still accepted is a better start than the seeds.
            if Self.accepts(parser, input, in: folder), pool.count < 500 { pool.append(input) }
            runs += 1
        }
        if seconds != nil { try? FileManager.default.removeItem(at: Self.lastInput(parser)) }
        #expect(runs >= 50)
    }

    private static func lastInput(_ parser: Parser) -> URL {
        FileManager.default.temporaryDirectory.appendingPathComponent("mynah-fuzz-\(parser.rawValue)")
    }

    @Test(arguments: FuzzCorpus.inputs.indices) func corpusIsHarmless(index: Int) throws {
        let (parser, _, bytes) = FuzzCorpus.inputs[index]
        _ = Self.accepts(parser, bytes, in: try Self.folderWithShards())
    }

    /// Views of a storage with numbers at the borders: refused, or readable without leaving the storage.
    @Test func randomViewsAreHarmless() throws {
        var random = SeededGenerator(state: 7)
        let borders = [0, 0, 1, 1, 1, 2, 2, 3, 5, 6, 7, -1, 1 << 31, 1 << 61, 1 << 62, .max - 1, .max, .min]
        func number() -> Int { borders[Int.random(in: 0..<borders.count, using: &random)] }
        let storage = PickledStorage(key: "0", type: .f32, count: 6)
        let source = (0..<6).flatMap { little(UInt32($0)) }
        var accepted = 0
        for _ in 0..<20_000 {
            let rank = Int.random(in: 0...4, using: &random)
            let shape = (0..<rank).map { _ in number() }
            let strides = (0..<rank).map { _ in number() }
            guard
                let view = try? PickledTensor(storage: storage, offset: number(), shape: shape, strides: strides)
            else { continue }
            accepted += 1
            let count = shape.reduce(1, *)
            #expect(count <= 6)
            if view.isContiguous {
                #expect(count == 0 || view.offset + count <= 6)
            }
            var target = [UInt8](repeating: 0xff, count: count * 4)
            target.withUnsafeMutableBytes { target in
                source.withUnsafeBytes { view.gather(from: $0, into: target) }
            }
            #expect(target.allSatisfy { $0 < 6 })
        }
        #expect(accepted > 100)
    }
}
