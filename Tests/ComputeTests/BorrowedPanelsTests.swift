import Compute
import Testing

/// Panels that lie in somebody else's memory, and the layout that their name stands for.
struct BorrowedPanelsTests {
    private final class Owner: @unchecked Sendable {
        let memory: UnsafeMutableRawBufferPointer

        init(copying bytes: UnsafeRawBufferPointer) {
            memory = .allocate(byteCount: bytes.count, alignment: 64)
            memory.copyMemory(from: bytes)
        }

        deinit { memory.deallocate() }
    }

    private static func weight(_ precision: Precision, isGated: Bool, team: WorkerTeam) -> LinearWeight {
        // Small whole numbers: their packing depends on no rounding.
        let floats = (0..<40 * 6).map { Float($0 * 37 % 255 - 127) }
        return floats.withUnsafeBytes { bytes in
            let half = bytes.count / 2
            if isGated {
                let gate = UnsafeRawBufferPointer(rebasing: bytes[..<half])
                let up = UnsafeRawBufferPointer(rebasing: bytes[half...])
                return LinearWeight(
                    gate: WeightRows(gate, format: .f32, outputs: 20, inputs: 6),
                    up: WeightRows(up, format: .f32, outputs: 20, inputs: 6), precision: precision, team: team)
            }
            return LinearWeight(
                stacking: [WeightRows(bytes, format: .f32, outputs: 40, inputs: 6)], precision: precision, team: team)
        }
    }

    @Test(arguments: Precision.allCases, [false, true])
    func borrowedPanelsComputeTheSame(precision: Precision, isGated: Bool) throws {
        let team = WorkerTeam(count: 2)
        let backend = try CPUBackend(team: team)
        let own = Self.weight(precision, isGated: isGated, team: team)
        weak var watched: Owner?
        var owner: Owner? = own.withPanels { Owner(copying: $0) }
        watched = owner
        var borrowed: LinearWeight? = owner.map {
            LinearWeight(own.form, panels: UnsafeRawBufferPointer($0.memory), keeping: $0, bias: nil)
        }
        owner = nil
        #expect(watched != nil)
        let x = Matrix(rows: 3, columns: 6, values: (0..<18).map { Float($0) - 9 })
        let columns = isGated ? 20 : 40
        let expected = Matrix(rows: 3, columns: columns)
        let actual = Matrix(rows: 3, columns: columns)
        backend.linear(x, norm: nil, own, into: expected, isGated ? .siluGate : .store)
        backend.linear(x, norm: nil, try #require(borrowed), into: actual, isGated ? .siluGate : .store)
        #expect(actual.values() == expected.values())
        borrowed = nil
        #expect(watched == nil)
    }

    /// Files keep packed panels under the layout's name. If this fails, a packing has changed: change
    /// `LinearWeight.layout` too, and these values.
    @Test func theLayoutsNameStandsForTheseBytes() {
        #expect(LinearWeight.layout == "panels-32/2")
        let team = WorkerTeam(count: 1)
        func fingerprint(_ precision: Precision, _ isGated: Bool) -> UInt64 {
            Self.weight(precision, isGated: isGated, team: team).withPanels { bytes in
                bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            }
        }
        #expect(fingerprint(.f32, false) == 7158226062269278301)
        #expect(fingerprint(.f32, true) == 12581809766070371121)
        #expect(fingerprint(.bf16, false) == 10486433640608109873)
        #expect(fingerprint(.bf16, true) == 7225380530248604161)
        #expect(fingerprint(.int8, false) == 2791044569118760821)
        #expect(fingerprint(.int8, true) == 3720551782806921701)
    }
}
