import Foundation
import Testing

@testable import Checkpoint

struct SafetensorsWriterTests {
    @Test func whatIsWrittenIsRead() throws {
        let folder = try TemporaryFolder()
        var writer = SafetensorsWriter(metadata: ["format": "pt", "note": "quote \" and\nline"])
        writer.add("ünïcode \"name\"", shape: [2, 2], floats: [1, 2, 3, 4])
        writer.add("byte", type: .u8, shape: [3], bytes: [7, 8, 9])
        writer.add("empty", shape: [0, 4], floats: [])
        writer.add("scalar", shape: [], integers: [-5])
        let large = (0..<600_000).map { Float($0) }
        writer.add("large", shape: [600, 1000], floats: large)
        var reports: [Int] = []
        try writer.write(to: folder.path("out.safetensors")) { reports.append($0) }
        let file = try SafetensorsFile(folder.path("out.safetensors"))
        #expect(try file.floats("ünïcode \"name\"") == [1, 2, 3, 4])
        #expect(try file.integers("byte") == [7, 8, 9])
        #expect(try file.integers("scalar") == [-5])
        #expect(try file.floats("large") == large)
        file.relinquish("large")
        #expect(try file.floats("large") == large)
        #expect(file.metadata["note"] == "quote \" and\nline")
        #expect(reports.last == writer.byteCount)
        #expect(try folder.names == ["out.safetensors"])
    }

    @Test func aFailedWriteLeavesNothingAndKeepsTheOldFile() throws {
        struct Failure: Error {}
        let folder = try TemporaryFolder()
        try folder.write("out", "old")
        var writer = SafetensorsWriter()
        writer.add("a", shape: [4], floats: [1, 2, 3, 4])
        writer.add(TensorInfo(name: "b", type: .f32, shape: [1])) { _ in throw Failure() }
        #expect(throws: Failure.self) { try writer.write(to: folder.path("out")) }
        #expect(try folder.names == ["out"])
        #expect(try String(contentsOf: folder.path("out"), encoding: .utf8) == "old")
    }

    @Test func refusesWhatWouldNotBeReadable() throws {
        let folder = try TemporaryFolder()
        let file = folder.path("out")
        var twice = SafetensorsWriter()
        twice.add("a", shape: [1], floats: [1])
        twice.add("a", shape: [1], floats: [1])
        #expect(throws: SafetensorsWriteError.duplicateName("a", file: file)) { try twice.write(to: file) }
        for name in ["", "__metadata__", "a\n", String(repeating: "a", count: 513)] {
            var bad = SafetensorsWriter()
            bad.add(name, shape: [1], floats: [1])
            #expect(throws: SafetensorsWriteError.badName(name, file: file)) { try bad.write(to: file) }
        }
        for count in [1, 3] {
            var wrong = SafetensorsWriter()
            wrong.add("a", shape: [2], floats: [Float](repeating: 0, count: count))
            #expect(
                throws: SafetensorsWriteError.wrongByteCount(name: "a", expected: 8, written: count * 4, file: file)
            ) { try wrong.write(to: file) }
        }
        #expect(try folder.names.isEmpty)
    }

    @Test func saysWhereItCannotWrite() throws {
        let folder = try TemporaryFolder()
        let file = folder.path("no/such/out")
        #expect(throws: FileError.system(doing: .create, file: file, code: ENOENT)) {
            try SafetensorsWriter().write(to: file)
        }
    }
}
