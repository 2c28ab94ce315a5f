import Foundation
import TestSupport
import Testing

@testable import Checkpoint

struct CheckpointConverterTests {
    @Test func torchArchivesBecomeSafetensors() throws {
        let source = try CheckpointFolder(CheckpointFolderTests.fixture("v05b"))
        let folder = try TemporaryFolder()
        var last: CheckpointConverter.Progress?
        try CheckpointConverter.convert(from: source, to: folder.path("out")) { last = $0 }
        let result = try CheckpointFolder(folder.path("out"))
        try result.verify(depth: .everything)
        #expect(result.configuration == source.configuration)
        for (old, new) in [(source.model, result.model), (source.audioVAE, result.audioVAE)] {
            #expect(new is SafetensorsFile)
            #expect(new.tensors == old.tensors)
            for name in old.tensors.keys {
                let same = try old.withBytes(of: name) { Array($0) } == new.withBytes(of: name) { Array($0) }
                #expect(same, "\(name)")
            }
        }
        #expect(last?.bytesWritten == last?.bytesTotal)
        #expect(try folder.names == ["out"])
    }

    @Test(arguments: [ElementType.f32, .f16, .bf16]) func weightsChangeTheirType(type: ElementType) throws {
        let source = try CheckpointFolder(CheckpointFolderTests.fixture("v15"))
        let folder = try TemporaryFolder()
        try CheckpointConverter.convert(from: source, to: folder.path("out"), type: type)
        let result = try CheckpointFolder(folder.path("out"))
        try result.verify()
        #expect(result.model.tensors.values.allSatisfy { $0.type == type })
        #expect(result.audioVAE.tensors.values.allSatisfy { $0.type == .f32 })
        let name = "base_lm.layers.0.mlp.up_proj.weight"
        let error = try relativeError(result.model.floats(name), source.model.floats(name))
        #expect(error <= (type == .f32 ? 0 : type == .f16 ? 0x1p-11 : 0x1p-8))
    }

    @Test func bf16ToF32AndBackLosesNothing() throws {
        let folder = try TemporaryFolder()
        let source = try CheckpointFolder(CheckpointFolderTests.fixture("v15_bf16"))
        try CheckpointConverter.convert(from: source, to: folder.path("wide"), type: .f32)
        try CheckpointConverter.convert(
            from: CheckpointFolder(folder.path("wide")), to: folder.path("back"), type: .bf16)
        let back = try CheckpointFolder(folder.path("back"))
        for name in source.model.tensors.keys {
            let same =
                try source.model.withBytes(of: name) { Array($0) }
                == back.model.withBytes(of: name) { Array($0) }
            #expect(same, "\(name)")
        }
    }

    @Test func nothingIsOverwrittenAndNothingHalfDoneRemains() throws {
        let source = try CheckpointFolder(CheckpointFolderTests.fixture("v15"))
        let folder = try TemporaryFolder()
        let full = folder.path("full")
        try FileManager.default.createDirectory(at: full, withIntermediateDirectories: false)
        try folder.write("full/mine", "x")
        #expect(throws: FileError.exists(file: full)) { try CheckpointConverter.convert(from: source, to: full) }
        #expect(throws: ConversionError.unsupportedType(.i8, file: source.folder)) {
            try CheckpointConverter.convert(from: source, to: folder.path("i8"), type: .i8)
        }
        let empty = folder.path("empty")
        try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: false)
        try CheckpointConverter.convert(from: source, to: empty)
        try CheckpointFolder(empty).verify()
        #expect(try folder.names == ["empty", "full"])
    }

    @Test func valuesBeyondF16AreRefused() throws {
        let copy = try CheckpointFolderTests.copy("v15")
        let model = try SafetensorsFile(copy.path("model.safetensors"), mapped: false)
        try CheckpointFolderTests.rewrite(model, to: copy.path("model.safetensors")) { info in
            guard var values = try? model.floats(info.name) else { return nil }
            if info.name == "stop_head.weight" { values[3] = 70_000 }
            return (info.shape, values)
        }
        let source = try CheckpointFolder(copy.url)
        let folder = try TemporaryFolder()
        #expect(
            throws: ConversionError.outOfRange(
                name: "stop_head.weight", count: 1, type: .f16, file: source.model.file)
        ) { try CheckpointConverter.convert(from: source, to: folder.path("out"), type: .f16) }
        #expect(try folder.names.isEmpty)
    }

    @Test func theReportCountsEverything() throws {
        let checkpoint = try CheckpointFolder(CheckpointFolderTests.fixture("v05b"))
        let report = CheckpointReport(checkpoint)
        #expect(
            report.parts.map(\.name) == [
                "text-semantic LM", "scalar quantiser", "residual acoustic LM", "local encoder",
                "local diffusion transformer", "projections and stop predictor", "AudioVAE encoder",
                "AudioVAE decoder",
            ])
        let expected = ExpectedTensor.all(for: checkpoint.configuration)
        #expect(report.total.tensorCount == expected.count)
        #expect(report.total.parameterCount == expected.reduce(0) { $0 + $1.count })
        #expect(report.parts[0].parametersByType.keys.sorted() == ["bf16"])
        #expect(report.parts[0].byteCount == 2 * report.parts[0].parameterCount)
    }
}
