import Testing

@testable import GPU

/// The committed module and the kernels that it is made of. That its text is what clang makes of them is checked by
/// `tools/ptx-check/run.sh`.
struct PTXTests {
    private static let lines = String(cString: PTXModule.kernels.text).split(separator: "\n")

    @Test func everyKernelIsInTheModuleOnce() {
        let entries = Self.lines.filter { $0.contains(".entry ") }.map { line in
            line.split(separator: " ").last.map { String($0.prefix { $0 != "(" }) } ?? ""
        }
        #expect(entries.sorted() == Kernel.all.map(\.entry).sorted())
    }

    /// Who changes a kernel makes the module anew: `scripts/ptx.sh`.
    @Test func theModuleIsMadeOfTheseKernels() {
        let programs = Self.lines.filter { $0.hasPrefix("// program ") }.map { line in
            line.split(separator: " ").dropFirst(3).joined(separator: " ")
        }
        #expect(programs == KernelProgram.all.map { "\(Self.checksum($0.source)) \($0.source.utf8.count)" })
    }

    @Test func driversOfManyYearsReadIt() {
        #expect(Self.lines.contains(".version 7.0") && Self.lines.contains(".target sm_80"))
        #expect(!Self.lines.contains { $0.contains(".extern") })
    }

    /// What `cksum` says of a text.
    private static func checksum(_ text: String) -> UInt32 {
        var bytes = Array(text.utf8)
        var length = bytes.count
        while length > 0 {
            bytes.append(UInt8(truncatingIfNeeded: length))
            length >>= 8
        }
        let sum = bytes.reduce(UInt32(0)) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte) << 24) { sum, _ in sum & 1 << 31 != 0 ? sum << 1 ^ 0x04c1_1db7 : sum << 1
            }
        }
        return ~sum
    }
}
