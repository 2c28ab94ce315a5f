import Compute
import Foundation
import Testing

@testable import Checkpoint

/// Packed weights in a file: what is written comes back, and nothing else is ever taken for it.
struct PackFileTests {
    /// A team of its own for each test: they run side by side.
    private let team = WorkerTeam(count: 2)
    private static let identity = PackIdentity(stamp: 0x1234_5678_9abc_def0, layout: "test/1", precision: "int8")

    private static func weight(_ outputs: Int, _ inputs: Int, _ precision: Precision, seed: UInt64) -> LinearWeight {
        var random = SeededGenerator(state: seed)
        let floats = (0..<outputs * inputs).map { _ in Float.random(in: -1...1, using: &random) }
        return floats.withUnsafeBytes { bytes in
            LinearWeight(
                stacking: [WeightRows(bytes, format: .f32, outputs: outputs, inputs: inputs)], precision: precision,
                team: WorkerTeam(count: 1))
        }
    }

    private static let weights: [(name: String, weight: LinearWeight)] = [
        ("layers.0.q+k", weight(40, 24, .int8, seed: 1)), ("head", weight(2, 7, .f32, seed: 2)),
        ("größe", weight(33, 5, .bf16, seed: 3)),
    ]

    private func write(_ folder: TemporaryFolder) throws -> URL {
        let file = folder.path("a.pack")
        try PackWriter.write(
            Self.weights, identity: Self.identity, contentDigest: 77, to: file, team: team)
        return file
    }

    private func bytes(_ weight: LinearWeight) -> [UInt8] { weight.withPanels { Array($0) } }

    @Test func givesBackWhatWasWritten() throws {
        let folder = try TemporaryFolder()
        let pack = try PackFile(try write(folder))
        #expect(pack.identity == Self.identity)
        #expect(pack.contentDigest == 77)
        #expect(pack.names == Self.weights.map(\.name))
        for (name, weight) in Self.weights {
            let found = try #require(pack.weight(name, form: weight.form, bias: nil))
            #expect(bytes(found) == bytes(weight))
        }
        #expect(pack.damagedWeights(team: team).isEmpty)
        #expect(try folder.names == ["a.pack"])
    }

    @Test func aWeightOutlivesItsPack() throws {
        let folder = try TemporaryFolder()
        let (name, weight) = Self.weights[0]
        var pack: PackFile? = try PackFile(try write(folder))
        let found = try #require(pack?.weight(name, form: weight.form, bias: nil))
        pack = nil
        try FileManager.default.removeItem(at: folder.path("a.pack"))
        #expect(bytes(found) == bytes(weight))
    }

    @Test func anotherFormIsAnotherWeight() throws {
        let folder = try TemporaryFolder()
        let pack = try PackFile(try write(folder))
        let form = Self.weights[0].weight.form
        let others = [
            LinearWeight.Form(outputs: form.outputs, inputs: form.inputs, precision: .bf16),
            LinearWeight.Form(outputs: form.outputs + 1, inputs: form.inputs, precision: .int8),
            LinearWeight.Form(outputs: form.outputs, inputs: form.inputs - 1, precision: .int8),
            LinearWeight.Form(
                outputs: form.outputs, inputs: form.inputs, precision: .int8, isGated: true),
        ]
        for other in others { #expect(pack.weight("layers.0.q+k", form: other, bias: nil) == nil) }
        #expect(pack.weight("layers.1.q+k", form: form, bias: nil) == nil)
    }

    @Test func everyFlippedBitOfTheHeaderIsNoticed() throws {
        let folder = try TemporaryFolder()
        let original = [UInt8](try Data(contentsOf: try write(folder)))
        let header = try original.withUnsafeBytes { try PackHeader($0) }.encoded().count
        #expect(Array(original[..<header]) == (try original.withUnsafeBytes { try PackHeader($0) }.encoded()))
        for place in 0..<header {
            for bit in 0..<8 {
                var bytes = original
                bytes[place] ^= 1 << bit
                let isRefused = bytes.withUnsafeBytes { (try? PackHeader($0)) == nil }
                #expect(isRefused, "bit \(bit) of byte \(place)")
            }
        }
    }

    @Test func truncationAnywhereIsNoticed() throws {
        let folder = try TemporaryFolder()
        let original = [UInt8](try Data(contentsOf: try write(folder)))
        for count in Array(0..<600) + Array(stride(from: 600, to: original.count, by: 37)) + [original.count - 1] {
            let file = try folder.write("cut", Array(original[..<count]))
            #expect(throws: PackError.self, "\(count) bytes") { try PackFile(file) }
        }
        let long = try folder.write("long", original + [0])
        #expect(throws: PackError.self) { try PackFile(long) }
    }

    /// A header that somebody wrote with a right checksum may still lie.
    @Test func liesWithARightChecksumAreRefused() throws {
        let folder = try TemporaryFolder()
        let original = [UInt8](try Data(contentsOf: try write(folder)))
        let honest = try original.withUnsafeBytes { try PackHeader($0) }
        func refuses(_ change: (inout PackHeader) -> Void) -> Bool {
            var header = honest
            change(&header)
            let encoded = header.encoded()
            let bytes = encoded + original.dropFirst(encoded.count)
            return bytes.withUnsafeBytes { (try? PackHeader($0)) == nil }
        }
        #expect(!refuses { _ in })
        let count = honest.entries[0].range.count
        for start in [0, 8, 4095, 4097, original.count, original.count - count + 4096, 1 << 40] {
            #expect(refuses { $0.entries[0].range = start..<start + count }, "at \(start)")
        }
        #expect(refuses { $0.entries[0].outputs += 32 })
        #expect(refuses { $0.entries[0].inputs = 1 << 30 })
        #expect(refuses { $0.entries[0].outputs = 0 })
        #expect(refuses { $0.fileByteCount += 4096 })
    }

    @Test func damageOfThePanelsIsFoundByReadingAll() throws {
        let folder = try TemporaryFolder()
        let file = try write(folder)
        var bytes = [UInt8](try Data(contentsOf: file))
        let header = try bytes.withUnsafeBytes { try PackHeader($0) }
        bytes[header.entries[1].range.upperBound - 1] ^= 4
        try Data(bytes).write(to: file)
        #expect(try PackFile(file).damagedWeights(team: team) == ["head"])
    }

    @Test func saysWhyAPackIsStale() throws {
        let folder = try TemporaryFolder()
        let pack = try PackFile(try write(folder))
        try pack.check(Self.identity)
        var others = [Self.identity, Self.identity, Self.identity]
        others[0].stamp += 1
        others[1].layout = "test/2"
        others[2].precision = "bf16"
        for other in others { #expect(throws: PackError.self) { try pack.check(other) } }
    }

    @Test func severalWritersDoNotDisturbEachOther() throws {
        let folder = try TemporaryFolder()
        let file = folder.path("a.pack")
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            try? PackWriter.write(
                Self.weights, identity: Self.identity, contentDigest: 1, to: file, team: WorkerTeam(count: 1))
        }
        #expect(try PackFile(file).damagedWeights(team: team).isEmpty)
        #expect(try folder.names == ["a.pack"])
    }

    @Test func aPlaceThatCannotBeWrittenIsAnError() throws {
        #expect(throws: FileError.self) {
            try PackWriter.write(
                Self.weights, identity: Self.identity, contentDigest: 1, to: URL(fileURLWithPath: "/proc/a.pack"),
                team: team)
        }
    }
}
