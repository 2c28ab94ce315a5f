import Foundation
import TestSupport
import Testing

@testable import Checkpoint

struct CheckpointFolderTests {
    static func fixture(_ family: String) -> URL {
        Fixtures.folder.appendingPathComponent("\(family)/checkpoint", isDirectory: true)
    }

    /// A copy of a fixture that a test may damage.
    static func copy(_ family: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in try FileManager.default.contentsOfDirectory(atPath: fixture(family).path) {
            try FileManager.default.copyItem(
                at: fixture(family).appendingPathComponent(name), to: folder.path(name))
        }
        return folder
    }

    /// Writes a part anew with some tensors changed: nil drops one.
    static func rewrite(
        _ source: any TensorSource, to file: URL, rename: (String) -> String = { $0 },
        change: (TensorInfo) -> (shape: [Int], values: [Float])?
    ) throws {
        var writer = SafetensorsWriter()
        for info in source.tensors.values {
            guard let (shape, values) = change(info) else { continue }
            writer.add(rename(info.name), shape: shape, floats: values)
        }
        try writer.write(to: file)
    }

    @Test(arguments: ["v05b", "v15", "v15_bf16"]) func fixturesAreComplete(family: String) throws {
        let checkpoint = try CheckpointFolder(Self.fixture(family))
        #expect(checkpoint.faults(depth: .everything).isEmpty)
        try checkpoint.verify()
        #expect(checkpoint.tokenizerFile.lastPathComponent == "tokenizer.json")
        #expect(checkpoint.generationFile == nil)
    }

    @Test func safetensorsComeBeforeTorchArchives() throws {
        let folder = try Self.copy("v15")
        #expect(try CheckpointFolder(folder.url).audioVAE is TorchArchive)
        let torch = try TorchArchive(folder.path("audiovae.pth"))
        try Self.rewrite(torch, to: folder.path("audiovae.safetensors")) { info in
            (try? torch.floats(info.name)).map { (info.shape, $0) }
        }
        try folder.write("pytorch_model.bin", "not read at all")
        let checkpoint = try CheckpointFolder(folder.url)
        #expect(checkpoint.audioVAE is SafetensorsFile)
        #expect(checkpoint.model is SafetensorsFile)
        try checkpoint.verify()
    }

    @Test func shardsAreRead() throws {
        let folder = try Self.copy("v15")
        try FileManager.default.moveItem(at: folder.path("model.safetensors"), to: folder.path("part-1.safetensors"))
        let names = try SafetensorsFile(folder.path("part-1.safetensors")).tensors.keys
        let map = names.map { "\"\($0)\":\"part-1.safetensors\"" }.joined(separator: ",")
        try folder.write("model.safetensors.index.json", "{\"weight_map\":{\(map)}}")
        try CheckpointFolder(folder.url).verify()
    }

    @Test func newerWeightNormNamesAreShownAsTheOlderOnes() throws {
        let folder = try Self.copy("v15")
        let torch = try TorchArchive(folder.path("audiovae.pth"))
        func newer(_ name: String) -> String {
            name.replacingOccurrences(of: ".weight_g", with: ".parametrizations.weight.original0")
                .replacingOccurrences(of: ".weight_v", with: ".parametrizations.weight.original1")
        }
        try Self.rewrite(torch, to: folder.path("audiovae.safetensors"), rename: newer) { info in
            (try? torch.floats(info.name)).map { (info.shape, $0) }
        }
        let checkpoint = try CheckpointFolder(folder.url)
        try checkpoint.verify()
        #expect(checkpoint.faults().isEmpty)
        let name = "encoder.fc_mu.weight_g"
        #expect(try checkpoint.audioVAE.floats(name) == torch.floats(name))
    }

    @Test func allFaultsAreListedAtOnce() throws {
        let folder = try Self.copy("v15")
        let model = try SafetensorsFile(folder.path("model.safetensors"), mapped: false)
        try Self.rewrite(
            model, to: folder.path("model.safetensors"),
            rename: { $0 == "stop_proj.bias" ? "extra" : $0 },
            change: { info in
                guard info.name != "base_lm.norm.weight", let values = try? model.floats(info.name) else { return nil }
                if info.name == "stop_head.weight" { return (Array(info.shape.reversed()), values) }
                if info.name == "residual_lm.norm.weight" {
                    return (info.shape, [.nan, .infinity] + values.dropFirst(2))
                }
                return (info.shape, values)
            })
        let checkpoint = try CheckpointFolder(folder.url)
        let file = checkpoint.model.file
        #expect(
            checkpoint.faults() == [
                CheckpointFault(file: file, name: "base_lm.norm.weight", kind: .missing(shape: [64])),
                CheckpointFault(file: file, name: "extra", kind: .unused),
                CheckpointFault(file: file, name: "residual_lm.norm.weight", kind: .notFinite(count: 2)),
                CheckpointFault(
                    file: file, name: "stop_head.weight", kind: .wrongShape(expected: [2, 64], found: [64, 2])),
                CheckpointFault(file: file, name: "stop_proj.bias", kind: .missing(shape: [64])),
            ])
        let error = #expect(throws: CheckpointFaults.self) { try checkpoint.verify() }
        #expect(error?.faults.count == 4)
        #expect(error?.description.contains("has 4 faults: model.safetensors: tensor \"base_lm.norm.weight\"") == true)
    }

    @Test func integersWhereWeightsBelongAreAFault() throws {
        let folder = try Self.copy("v15")
        let model = try SafetensorsFile(folder.path("model.safetensors"), mapped: false)
        var writer = SafetensorsWriter()
        for info in model.tensors.values {
            if info.name == "stop_head.weight" {
                writer.add(info.name, shape: info.shape, integers: [Int](repeating: 1, count: info.count))
            } else {
                writer.add(info) { sink in try model.withBytes(of: info.name) { try sink($0) } }
            }
        }
        try writer.write(to: folder.path("model.safetensors"))
        let faults = try CheckpointFolder(folder.url).faults()
        #expect(faults.map(\.kind) == [.wrongType(.i64)])
    }

    @Test func largeWeightsAreLookedAtOnRequest() throws {
        let folder = try Self.copy("v15")
        let model = try SafetensorsFile(folder.path("model.safetensors"), mapped: false)
        try Self.rewrite(model, to: folder.path("model.safetensors")) { info in
            guard var values = try? model.floats(info.name) else { return nil }
            if info.name == "stop_head.weight" { values[7] = -.infinity }
            return (info.shape, values)
        }
        let checkpoint = try CheckpointFolder(folder.url)
        #expect(checkpoint.faults().isEmpty)
        #expect(checkpoint.faults(depth: .everything).map(\.kind) == [.notFinite(count: 1)])
    }

    @Test(arguments: ["tokenizer.json", "model.safetensors", "audiovae.pth"])
    func aMissingPartIsNamed(name: String) throws {
        let folder = try Self.copy("v15")
        try FileManager.default.removeItem(at: folder.path(name))
        let error = #expect(throws: CheckpointFolderError.self) { try CheckpointFolder(folder.url) }
        guard case .missing(_, let names, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(names.contains(name))
    }

    @Test func aMissingFolderIsSaidSo() throws {
        let folder = try TemporaryFolder()
        let missing = folder.path("none")
        #expect(throws: CheckpointFolderError.noFolder(file: missing)) { try CheckpointFolder(missing) }
        let file = try folder.write("file", "x")
        #expect(throws: CheckpointFolderError.notAFolder(file: file)) { try CheckpointFolder(file) }
        #expect(throws: FileError.self) { try CheckpointFolder(folder.url) }
    }
}
