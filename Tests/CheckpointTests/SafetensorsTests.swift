import Foundation
import TestSupport
import Testing

@testable import Checkpoint

struct SafetensorsTests {
    private static let good = #"{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#

    private static func open(_ bytes: [UInt8], mapped: Bool = true) throws -> SafetensorsFile {
        let folder = try TemporaryFolder()
        return try SafetensorsFile(try folder.write("x.safetensors", bytes), mapped: mapped)
    }

    private static func entry(_ name: String, _ type: String, _ shape: String, _ begin: Int, _ end: Int) -> String {
        "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(end)]}"
    }

    @Test(arguments: [true, false]) func readsAFile(mapped: Bool) throws {
        let file = try Self.open(safetensors(Self.good + "   ", data: 24), mapped: mapped)
        #expect(file.tensors["a"] == TensorInfo(name: "a", type: .f32, shape: [2, 3]))
        #expect(try file.withBytes(of: "a") { Array($0) } == Array(0..<24))
        #expect(throws: TensorError.missing(name: "b", file: file.file)) { try file.floats("b") }
    }

    @Test func scalarsAndEmptyTensorsAreLegal() throws {
        let header =
            "{" + Self.entry("scalar", "I64", "", 0, 8) + "," + Self.entry("empty", "F32", "0,5", 8, 8) + ","
            + Self.entry("none", "F32", "0", 0, 0) + ",\"__metadata__\":{\"format\":\"pt\"}}"
        let file = try Self.open(safetensors(header, data: 8))
        #expect(file.tensors["scalar"]?.count == 1)
        #expect(try file.floats("empty") == [])
        #expect(file.metadata == ["format": "pt"])
        #expect(try Self.open(safetensors("{}")).tensors.isEmpty)
    }

    /// Every rule with its own fault.
    @Test(arguments: [
        (safetensors("", length: 0).dropLast().map { $0 }, SafetensorsError.Fault.tooShort(byteCount: 7)),
        (safetensors("{}", length: .max), .headerTooLong(byteCount: .max, limit: 16 << 20)),
        (safetensors("{}", length: 3), .headerBeyondEnd(byteCount: 3, fileByteCount: 10)),
        (safetensors("", length: 0), .headerNotObject), (safetensors(" {}"), .headerNotObject),
        (safetensors("[]"), .headerNotObject),
        (
            safetensors("{}\n"),
            .header(StrictJSONError(fault: .textAfterTheEnd, offset: 2, line: 1, column: 3))
        ),
        (
            safetensors("{\(entry("a", "F32", "1", 0, 4)),\(entry("a", "F32", "1", 4, 8))}", data: 8),
            .header(StrictJSONError(fault: .duplicateKey("a"), offset: 54, line: 1, column: 55))
        ),
        (safetensors(#"{"__metadata__":{"n":1}}"#), .metadataNotStrings),
        (safetensors(#"{"__metadata__":[]}"#), .metadataNotStrings),
        (safetensors("{\(entry("", "F32", "1", 0, 4))}", data: 4), .badName("")),
        (safetensors("{\(entry("a\\u0000", "F32", "1", 0, 4))}", data: 4), .badName("a\0")),
        (
            safetensors("{\(entry("\u{e9}", "F32", "0", 0, 0)),\(entry("e\u{301}", "F32", "0", 0, 0))}"),
            .ambiguousName("e\u{301}")
        ),
        (safetensors(#"{"a":{"dtype":"F32","shape":[1]}}"#), .badEntry(name: "a")),
        (safetensors(#"{"a":7}"#), .badEntry(name: "a")),
        (safetensors(#"{"a":{"dtype":1,"shape":[],"data_offsets":[0,4]}}"#, data: 4), .badEntry(name: "a")),
        (safetensors("{\(entry("a", "F4", "2", 0, 1))}", data: 1), .unsupportedType(name: "a", type: "F4")),
        (safetensors("{\(entry("a", "F32", "-1", 0, 4))}", data: 4), .badShape(name: "a")),
        (safetensors("{\(entry("a", "F32", "1.0", 0, 4))}", data: 4), .badShape(name: "a")),
        (
            safetensors("{\(entry("a", "F32", "1,1,1,1,1,1,1,1,1", 0, 4))}", data: 4),
            .rankTooHigh(name: "a", rank: 9, limit: 8)
        ),
        (safetensors("{\(entry("a", "F32", "4294967296,4294967296", 0, 0))}"), .sizeOverflow(name: "a")),
        (safetensors("{\(entry("a", "F32", "4294967296,4294967296,0", 0, 0))}"), .sizeOverflow(name: "a")),
        (safetensors("{\(entry("a", "F64", "2305843009213693952", 0, 0))}"), .sizeOverflow(name: "a")),
        (safetensors("{\(entry("a", "F32", "1", 4, 0))}", data: 4), .badOffsets(name: "a")),
        (safetensors("{\(entry("a", "F32", "1", -4, 0))}", data: 4), .badOffsets(name: "a")),
        (
            safetensors("{\(entry("a", "F32", "1", 9_223_372_036_854_775_803, 9_223_372_036_854_775_807))}", data: 4),
            .badOffsets(name: "a")
        ),
        (
            safetensors("{\(entry("a", "F32", "2", 0, 4))}", data: 4),
            .wrongByteCount(name: "a", expected: 8, found: 4)
        ),
        (safetensors("{\(entry("a", "F32", "1", 4, 8))}", data: 8), .hole(name: "a", byteCount: 4)),
        (
            safetensors("{\(entry("a", "F32", "2", 0, 8)),\(entry("b", "F32", "2", 4, 12))}", data: 12),
            .overlap(name: "b")
        ),
        (
            safetensors("{\(entry("a", "F32", "2", 0, 8))}", data: 7),
            .wrongEnd(tensorsEnd: 70, fileByteCount: 69)
        ),
        (
            safetensors("{\(entry("a", "F32", "2", 0, 8))}", data: 9),
            .wrongEnd(tensorsEnd: 70, fileByteCount: 71)
        ),
    ])
    func refuses(bytes: [UInt8], fault: SafetensorsError.Fault) {
        let error = #expect(throws: SafetensorsError.self) { try Self.open(bytes) }
        #expect(error?.fault == fault)
        #expect(error?.description.contains("x.safetensors") == true)
    }

    @Test func refusesTooManyTensors() {
        let entries = (0...20_000).map { Self.entry("t\($0)", "F32", "0", 0, 0) }
        let error = #expect(throws: SafetensorsError.self) {
            try Self.open(safetensors("{\(entries.joined(separator: ","))}"))
        }
        #expect(error?.fault == .tooManyTensors(count: 20_001, limit: 20_000))
    }

    @Test func refusesEveryTruncation() throws {
        let bytes = safetensors(Self.good, data: 24)
        let folder = try TemporaryFolder()
        for length in 0..<bytes.count {
            let file = try folder.write("x", Array(bytes[..<length]))
            #expect(throws: SafetensorsError.self) { try SafetensorsFile(file, mapped: false) }
        }
    }

    @Test func refusesWhatIsNoFile() throws {
        let folder = try TemporaryFolder()
        let missing = folder.path("none.safetensors")
        let error = #expect(throws: FileError.self) { try SafetensorsFile(missing) }
        #expect(error == .system(doing: .open, file: missing, code: ENOENT))
        #expect(throws: FileError.notRegular(file: folder.url)) { try SafetensorsFile(folder.url) }
        #expect(throws: FileError.notRegular(file: URL(fileURLWithPath: "/dev/zero"))) {
            try SafetensorsFile(URL(fileURLWithPath: "/dev/zero"))
        }
        #expect(throws: SafetensorsError.self) { try SafetensorsFile(try folder.write("empty", [])) }
    }

    @Test func readsFloatTypes() throws {
        let values: [Float] = [0, -0.0, 1, -2.5, 65504, 6.1e-5, 5.9604645e-8, 1.0 / 3, .infinity, -.infinity, .nan]
        var writer = SafetensorsWriter()
        for type in [ElementType.f32, .f64, .f16, .bf16] {
            writer.add(type.rawValue, shape: [values.count], floats: values, as: type)
        }
        writer.add("i64", shape: [3], integers: [-1, 0, .max])
        let folder = try TemporaryFolder()
        try writer.write(to: folder.path("t.safetensors"))
        let file = try SafetensorsFile(folder.path("t.safetensors"))
        func same(_ left: [Float], _ right: [Float]) -> Bool {
            zip(left, right).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
        }
        #expect(same(try file.floats("f32"), values))
        #expect(same(try file.floats("f64"), values))
        #expect(same(try file.floats("f16"), values.map { Float(Float16($0)) }))
        #expect(try file.floats("bf16")[7] == 0.333984375)
        #expect(try file.floats("bf16")[10].isNaN)
        #expect(try file.integers("i64") == [-1, 0, .max])
        #expect(throws: TensorError.notFloat(name: "i64", type: .i64, file: file.file)) { try file.floats("i64") }
        #expect(throws: TensorError.notInteger(name: "f32", type: .f32, file: file.file)) { try file.integers("f32") }
    }

    @Test func readsEveryHalfExactly() throws {
        let folder = try TemporaryFolder()
        let bytes = (0..<65536).flatMap { little(UInt16($0)) }
        var writer = SafetensorsWriter()
        writer.add("h", type: .f16, shape: [65536], bytes: bytes)
        try writer.write(to: folder.path("h"))
        let values = try SafetensorsFile(folder.path("h")).floats("h")
        var wrong = 0
        for (bits, value) in values.enumerated() {
            let expected = Float(Float16(bitPattern: UInt16(bits)))
            if value != expected && !(value.isNaN && expected.isNaN) { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test func readsTheFixtures() throws {
        let tensors = try ReferenceTensors(family: "rng.safetensors")
        let (shape, values) = try tensors["randn.seed42.1x64x4"]
        #expect(shape == [1, 64, 4])
        #expect(values.count == 256)
        #expect(relativeError(values, values) == 0)
        #expect(relativeError(values, Array(values.dropLast())) == .infinity)
        #expect(try !ReferenceTensors(family: "v15").names.isEmpty)
    }
}
