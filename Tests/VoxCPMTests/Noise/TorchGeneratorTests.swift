import TestSupport
import Testing

@testable import VoxCPM

/// Noise against values drawn with torch.
struct TorchGeneratorTests {
    private static let tolerance: Float = 2e-6

    @Test func singleDrawsEqualTorch() throws {
        let reference = try ReferenceTensors(family: "rng.safetensors")
        let names = reference.names.filter { $0.hasPrefix("randn.") }
        #expect(names.count >= 40)
        for name in names {
            let seed = try #require(Self.seed(of: name))
            let expected = try reference[name].values
            var generator = TorchGenerator(seed: seed)
            let drawn = generator.normals(expected.count)
            #expect(Self.difference(drawn, expected) < Self.tolerance, "\(name)")
        }
    }

    @Test func sequencesOfDrawsEqualTorch() throws {
        let reference = try ReferenceTensors(family: "rng.safetensors")
        let names = reference.names.filter { $0.hasPrefix("sequence.") }
        let bySeed = Dictionary(grouping: names) { $0.split(separator: ".")[1] }
        #expect(bySeed.count >= 4)
        for (_, names) in bySeed {
            let seed = try #require(Self.seed(of: names[0]))
            var generator = TorchGenerator(seed: seed)
            let inOrder = names.sorted { Self.position(of: $0) < Self.position(of: $1) }
            for name in inOrder {
                let expected = try reference[name].values
                let drawn = generator.normals(expected.count)
                #expect(Self.difference(drawn, expected) < Self.tolerance, "\(name)")
            }
        }
    }

    @Test func seedsBeyond32BitsKeepTheirLowerHalf() {
        var small = TorchGenerator(seed: 42)
        var large = TorchGenerator(seed: 42 + (7 << 32))
        #expect(small.normals(33) == large.normals(33))
        var minusOne = TorchGenerator(signedSeed: -1)
        var allOnes = TorchGenerator(seed: 0xFFFF_FFFF)
        #expect(minusOne.normals(20) == allOnes.normals(20))
    }

    @Test func twisterGivesThePublishedTenThousandthNumber() {
        var twister = MersenneTwister(seed: 5_489)
        for _ in 1..<10_000 { _ = twister.next32() }
        #expect(twister.next32() == 4_123_659_995)
    }

    @Test func nothingIsDrawnForNothing() {
        var generator = TorchGenerator(seed: 1)
        var other = TorchGenerator(seed: 1)
        #expect(generator.normals(0).isEmpty)
        #expect(generator.normals(3) == other.normals(3))
    }

    private static func difference(_ left: [Float], _ right: [Float]) -> Float {
        guard left.count == right.count else { return .infinity }
        return zip(left, right).map { abs($0 - $1) }.max() ?? 0
    }

    /// The number in a name such as `randn.seed42.1x64x4`.
    private static func seed(of name: String) -> UInt64? {
        UInt64(name.split(separator: ".")[1].dropFirst("seed".count))
    }

    /// The place in a name such as `sequence.seed42.3.1x64x4`.
    private static func position(of name: String) -> Int {
        Int(name.split(separator: ".")[2]) ?? -1
    }
}
