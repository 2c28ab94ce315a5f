import Foundation
import Testing

@testable import Checkpoint

struct ZipTests {
    private static func archive() -> ZipBuilder {
        Pickle.archive(
            Pickle.file(
                Pickle.dictionary([("w", Pickle.tensor(Pickle.storage(count: 6), shape: [6], strides: [1]))])))
    }

    private static let storage = "archive/data/0"

    /// Changes to a good archive and the fault each must cause.
    struct Lie: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let fault: ZipError.Fault
        let change: @Sendable (inout ZipBuilder) -> Void
    }

    private static let lies: [Lie] = [
        Lie(testDescription: "deflated", fault: .compressed(storage, method: 8)) { $0.records[2].method = 8 },
        Lie(testDescription: "encrypted", fault: .encrypted(storage)) { $0.records[2].flags = 1 },
        Lie(testDescription: "strongly encrypted", fault: .encrypted(storage)) { $0.records[2].flags = 0x40 },
        Lie(testDescription: "masked", fault: .encrypted(storage)) { $0.records[2].flags = 0x2000 },
        Lie(testDescription: "patched", fault: .unsupportedFlags(storage, flags: 0x20)) { $0.records[2].flags = 0x20 },
        Lie(testDescription: "other local name", fault: .localHeaderDiffers(storage)) {
            $0.records[2].localName = "archive/data/1"
        },
        Lie(testDescription: "other local size", fault: .localHeaderDiffers(storage)) { $0.records[2].localSize = 23 },
        Lie(testDescription: "sizes differ", fault: .badSize(storage)) { $0.records[2].packedSize = 20 },
        Lie(testDescription: "size beyond the file", fault: .outside(storage)) {
            $0.records[2].directorySize = 1 << 30
        },
        Lie(testDescription: "saturated size without zip64", fault: .badSize(storage)) {
            $0.records[2].directorySize = .max
        },
        Lie(testDescription: "zip64 size beyond the file", fault: .outside(storage)) {
            $0.records[2].wideSize = 1 << 62
        },
        Lie(testDescription: "zip64 size beyond Int", fault: .outside(storage)) { $0.records[2].wideSize = .max },
        Lie(testDescription: "other zip64 size", fault: .localHeaderDiffers(storage)) { $0.records[2].wideSize = 20 },
        Lie(testDescription: "wrong offset", fault: .localHeaderDiffers(storage)) { $0.records[2].directoryOffset = 3 },
        Lie(testDescription: "offset beyond the file", fault: .outside(storage)) {
            $0.records[2].directoryOffset = 1 << 30
        },
        Lie(testDescription: "overlap", fault: .overlap("archive/data.pkl", "archive/data.pkl/x")) {
            var inner = ZipBuilder()
            inner.add("archive/data.pkl/x", [1, 2, 3])
            let bytes = inner.bytes()
            $0.records[0].content = bytes
            $0.add("archive/data.pkl/x", [1, 2, 3])
            // Its header lies inside the first record's content.
            $0.records[$0.records.count - 1].directoryOffset = UInt32(30 + "archive/data.pkl".utf8.count)
        },
        Lie(testDescription: "the same name twice", fault: .duplicateName(storage)) { $0.add(storage, [1]) },
        Lie(testDescription: "parent path", fault: .badName("archive/../x")) { $0.add("archive/../x", []) },
        Lie(testDescription: "absolute path", fault: .badName("/etc/passwd")) { $0.add("/etc/passwd", []) },
        Lie(testDescription: "folder", fault: .badName("archive/data/")) { $0.add("archive/data/", []) },
        Lie(testDescription: "backslash", fault: .badName("archive\\x")) { $0.add("archive\\x", []) },
        Lie(testDescription: "nul", fault: .badName("archive/x\0")) { $0.add("archive/x\0", []) },
        Lie(testDescription: "no name", fault: .badName("")) { $0.add("", []) },
        Lie(testDescription: "fewer records than listed", fault: .badDirectory(offset: 0)) { $0.recordCount = 5 },
        Lie(testDescription: "more records than listed", fault: .badDirectory(offset: 0)) { $0.recordCount = 3 },
        Lie(testDescription: "too many records", fault: .tooManyRecords(count: 10_001, limit: 10_000)) {
            $0.recordCount = 10_001
        },
        Lie(testDescription: "directory outside", fault: .directoryOutside) { $0.directoryOffset = 1 << 30 },
        Lie(testDescription: "directory elsewhere", fault: .directoryOutside) { $0.directoryOffset = 7 },
        Lie(testDescription: "zip64 end contradicts", fault: .badZip64End) { $0.wideEnd = { $0[0] += 1 } },
        Lie(testDescription: "zip64 offset contradicts", fault: .badZip64End) { $0.wideEnd = { $0[2] = .max } },
        Lie(testDescription: "zip64 directory outside", fault: .directoryOutside) {
            $0.directoryOffset = .max
            $0.wideEnd = { $0[2] = .max }
        },
        Lie(testDescription: "saturated end without zip64", fault: .badZip64End) { $0.directoryOffset = .max },
    ]

    @Test(arguments: lies) func refuses(lie: Lie) throws {
        var zip = Self.archive()
        lie.change(&zip)
        let error = #expect(throws: ZipError.self) { try TorchArchiveTests.open(zip.bytes()) }
        if case .badDirectory = lie.fault, case .badDirectory = error?.fault { return }
        #expect(error?.fault == lie.fault)
    }

    @Test func acceptsWhatTorchWrites() throws {
        var zip = Self.archive()
        for index in zip.records.indices { zip.records[index].usesDescriptor = true }
        zip.records[2].flags = 0x0800
        zip.wideEnd = { _ in }
        zip.comment = Array("PK\u{5}\u{6} a comment that looks like an end".utf8)
        #expect(try TorchArchiveTests.open(zip.bytes()).floats("w") == [0, 1, 2, 3, 4, 5])
        zip.records[2].wideSize = 24
        #expect(try TorchArchiveTests.open(zip.bytes()).floats("w") == [0, 1, 2, 3, 4, 5])
    }

    @Test func refusesADescriptorThatContradicts() throws {
        var zip = Self.archive()
        zip.records[2].flags = 8
        zip.records[2].localSize = 0
        let error = #expect(throws: ZipError.self) { try TorchArchiveTests.open(zip.bytes()) }
        #expect(error?.fault == .localHeaderDiffers(Self.storage))
    }

    @Test func refusesEveryTruncation() throws {
        let bytes = Self.archive().bytes()
        let folder = try TemporaryFolder()
        for length in 0..<bytes.count {
            let file = try folder.write("x", Array(bytes[..<length]))
            #expect(throws: ZipError.self) { try TorchArchive(file, mapped: false) }
        }
    }

    @Test func saysWhatAnOlderTorchFileIs() {
        let error = #expect(throws: ZipError.self) {
            try TorchArchiveTests.open([0x80, 2] + [UInt8](repeating: 0, count: 100))
        }
        #expect(error?.description.contains("torch 1.6 or later") == true)
    }
}
