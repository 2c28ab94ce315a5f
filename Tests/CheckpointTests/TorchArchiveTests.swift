import Foundation
import TestSupport
import Testing

@testable import Checkpoint

struct TorchArchiveTests {
    static func open(_ bytes: [UInt8]) throws -> TorchArchive {
        let folder = try TemporaryFolder()
        return try TorchArchive(try folder.write("x.pth", bytes))
    }

    private static func open(_ items: [(String, [UInt8])]) throws -> TorchArchive {
        try open(Pickle.archive(Pickle.file(Pickle.dictionary(items))).bytes())
    }

    @Test func readsViewsOfAStorage() throws {
        let storage = Pickle.storage(count: 6)
        let archive = try Self.open([
            ("whole", Pickle.tensor(storage, shape: [2, 3], strides: [3, 1])),
            ("transposed", Pickle.tensor(storage, shape: [3, 2], strides: [1, 3])),
            ("column", Pickle.tensor(storage, offset: 1, shape: [2], strides: [3])),
            ("scalar", Pickle.tensor(storage, offset: 5, shape: [], strides: [])),
            ("empty", Pickle.tensor(storage, shape: [0, 3], strides: [3, 1])),
            ("thin", Pickle.tensor(storage, offset: 2, shape: [1, 2, 1], strides: [9, 1, .max])),
            ("thinColumn", Pickle.tensor(storage, shape: [1, 2, 1], strides: [.max, 3, .max])),
            ("nothing", Pickle.tensor(storage, shape: [0, 1 << 62, 1 << 62], strides: [1, 1 << 62, 1])),
            ("repeated", Pickle.tensor(storage, offset: 3, shape: [3, 2], strides: [0, 1])),
        ])
        #expect(try archive.floats("whole") == [0, 1, 2, 3, 4, 5])
        #expect(try archive.floats("transposed") == [0, 3, 1, 4, 2, 5])
        #expect(try archive.floats("column") == [1, 4])
        #expect(try archive.floats("scalar") == [5])
        #expect(try archive.floats("empty") == [])
        #expect(try archive.floats("thin") == [2, 3])
        #expect(try archive.floats("thinColumn") == [0, 3])
        #expect(try archive.floats("repeated") == [3, 4, 3, 4, 3, 4])
        #expect(try archive.floats("nothing") == [])
        archive.relinquish("whole")
        #expect(try archive.floats("whole") == [0, 1, 2, 3, 4, 5])
        #expect(archive.tensors["transposed"]?.shape == [3, 2])
    }

    @Test func aNestedStateDictTakesThePlaceOfTheWhole() throws {
        let tensor = Pickle.tensor(Pickle.storage(count: 6), shape: [6], strides: [1])
        let archive = try Self.open([("epoch", Pickle.integer(3)), ("state_dict", Pickle.dictionary([("w", tensor)]))])
        #expect(archive.tensors.keys.sorted() == ["w"])
    }

    @Test func parametersOrderedDictionariesAndMetadataAreUnderstood() throws {
        let tensor = Pickle.tensor(Pickle.storage(count: 6), shape: [6], strides: [1])
        let ordered = Pickle.global("collections", "OrderedDict") + Pickle.emptyTuple + Pickle.reduce
        let parameter =
            Pickle.global("torch._utils", "_rebuild_parameter") + Pickle.tuple([tensor, Pickle.no, ordered])
            + Pickle.reduce
        let metadata = Pickle.dictionary([("_metadata", ordered)])
        let body = ordered + Pickle.mark + Pickle.text("w") + parameter + Pickle.setItems + metadata + Pickle.build
        let archive = try Self.open(Pickle.archive(Pickle.file(body)).bytes())
        #expect(try archive.floats("w") == [0, 1, 2, 3, 4, 5])
    }

    /// Both forms of the same weights, bit by bit.
    @Test(arguments: [
        ("v05b/checkpoint/pytorch_model.bin", "v05b/alt_safetensors/model.safetensors"),
        ("v15/checkpoint/audiovae.pth", "v15/alt_safetensors/audiovae.safetensors"),
    ])
    func equalsTheSafetensorsForm(torch: String, safetensors: String) throws {
        for mapped in [true, false] {
            let archive = try TorchArchive(Fixtures.folder.appendingPathComponent(torch), mapped: mapped)
            let file = try SafetensorsFile(Fixtures.folder.appendingPathComponent(safetensors))
            #expect(archive.tensors == file.tensors)
            for name in file.tensors.keys {
                let left = try archive.withBytes(of: name) { Array($0) }
                let right = try file.withBytes(of: name) { Array($0) }
                #expect(left == right, "\(name)")
            }
        }
    }

    @Test(arguments: ["v05b", "v15", "v15_bf16"]) func readsEveryAutoencoderOfTheFixtures(family: String) throws {
        let folder = Fixtures.folder.appendingPathComponent("\(family)/checkpoint")
        let archive = try TorchArchive(folder.appendingPathComponent("audiovae.pth"))
        let expected = ExpectedTensor.audioVAE(for: try ModelConfiguration.load(from: folder).audioVAE)
        #expect(Set(expected.map(\.name)) == Set(archive.tensors.keys))
        for tensor in expected { #expect(archive.tensors[tensor.name]?.shape == tensor.shape, "\(tensor.name)") }
    }

    // MARK: What the archive must hold

    private static func expect(_ fault: TorchArchiveError.Fault, _ zip: ZipBuilder) {
        let error = #expect(throws: TorchArchiveError.self) { try open(zip.bytes()) }
        #expect(error?.fault == fault)
        #expect(error?.description.contains("x.pth") == true)
    }

    @Test func refusesOtherContents() throws {
        let empty = Pickle.file(Pickle.emptyDictionary)
        var zip = ZipBuilder()
        zip.add("archive/data", empty)
        Self.expect(.noPickle, zip)
        zip.add("a/data.pkl", empty)
        zip.add("b/data.pkl", empty)
        Self.expect(.noPickle, zip)
        zip = Pickle.archive(empty)
        zip.add("elsewhere/data/0", [])
        Self.expect(.strayRecord("elsewhere/data/0"), zip)
        zip = Pickle.archive(empty)
        zip.records[1].content = Array("big".utf8)
        Self.expect(.notLittleEndian, zip)
        Self.expect(.notAStateDict, Pickle.archive(Pickle.file(Pickle.emptyList)))
        Self.expect(
            .notAStateDict, Pickle.archive(Pickle.file(Pickle.dictionary([("state_dict", Pickle.emptyList)]))))
        Self.expect(
            .notATensor(name: "x"), Pickle.archive(Pickle.file(Pickle.dictionary([("x", Pickle.integer(1))]))))
        Self.expect(
            .badName("x\n"), Pickle.archive(Pickle.file(Pickle.dictionary([("x\n", Pickle.integer(1))]))))
    }
}
