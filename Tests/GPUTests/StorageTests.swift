import Compute
import GPU
import TestSupport
import Testing

/// Who has the newest values, the host or the device, is nobody's concern but the storage's.
@Suite(.needsDevice) struct StorageTests {
    private func backend() throws -> GPUBackend {
        GPUBackend(try TestDevices.first())
    }

    @Test func whatTheHostWritesReachesTheDeviceAndComesBack() throws {
        let gpu = try backend()
        let x = Matrix(rows: 3, columns: 4, values: (0..<12).map(Float.init))
        let sum = Matrix(rows: 3, columns: 4)
        gpu.add(x, x, into: sum)
        #expect(sum.values() == (0..<12).map { 2 * Float($0) })
        x.fill(1)
        gpu.add(x, sum, into: sum)
        #expect(sum.values() == (0..<12).map { 2 * Float($0) + 1 })
        #expect(gpu.failure == nil)
    }

    @Test func partsThatTheHostWritesLeaveTheRestToTheDevice() throws {
        let gpu = try backend()
        let x = Matrix(rows: 4, columns: 5)
        let ones = Matrix(rows: 4, columns: 5, values: Array(repeating: 1, count: 20))
        gpu.add(x, ones, into: x)
        x[columns: 1..<3].fill(7)
        x[rows: 2..<3].base[4] = 9
        gpu.add(x, ones, into: x)
        for row in 0..<4 {
            #expect(x[rows: row..<row + 1].values() == [2, 8, 8, 2, row == 2 ? 10 : 2])
        }
    }

    @Test func hostCopiesAndExchangesSeeTheDevicesValues() throws {
        let gpu = try backend()
        let x = Matrix(rows: 4, columns: 2, values: (0..<8).map(Float.init))
        gpu.add(x, x, into: x)
        x.exchangeRows(0..<1, 3..<4)
        let copy = Matrix(rows: 4, columns: 2)
        gpu.copy(x, into: copy)
        #expect(copy.values() == [12, 14, 4, 6, 8, 10, 0, 2])
        let other = Matrix(rows: 4, columns: 2)
        other.copy(from: copy)
        #expect(other.values() == copy.values())
    }

    @Test func storagesGoFromOneDeviceToAnother() throws {
        let (first, second) = (try backend(), try backend())
        let cpu = try CPUBackend(team: WorkerTeam(count: 2))
        let x = Matrix(rows: 2, columns: 3, values: [1, 2, 3, 4, 5, 6])
        first.add(x, x, into: x)
        second.add(x, x, into: x)
        cpu.add(x, x, into: x)
        first.add(x, x, into: x)
        #expect(x.values() == [16, 32, 48, 64, 80, 96])
    }

    @Test func writtenRangesOfAnyOrderArriveOnce() throws {
        let gpu = try backend()
        let x = Matrix(rows: 64, columns: 3)
        let zeros = Matrix(rows: 64, columns: 3)
        gpu.add(x, zeros, into: x)
        var order = Array(0..<64)
        order.shuffle()
        for row in order { x[rows: row..<row + 1].write([Float(row), 0, -Float(row)]) }
        gpu.add(x, zeros, into: x)
        #expect(x.values() == (0..<64).flatMap { [Float($0), 0, -Float($0)] })
    }

    @Test func storagesAreLaidOutTogetherOnce() throws {
        let gpu = try backend()
        let matrices = [(3, 5), (1, 64), (7, 31), (0, 4)].enumerated().map { index, shape in
            Matrix(rows: shape.0, columns: shape.1, values: (0..<shape.0 * shape.1).map { Float($0 + index) })
        }
        for _ in 0..<2 {
            gpu.layOut(matrices.map(\.storage))
            #expect(gpu.memoryBytes == matrices.reduce(0) { $0 + ($1.storage.count + 63) / 64 * 256 })
        }
        let before = matrices.map { $0.values() }
        for matrix in matrices { gpu.add(matrix, matrix, into: matrix) }
        // What the host writes to one of them leaves its neighbours alone.
        matrices[1].fill(-1)
        gpu.add(matrices[1], matrices[1], into: matrices[1])
        #expect(matrices[0].values() == before[0].map { 2 * $0 } && matrices[2].values() == before[2].map { 2 * $0 })
        #expect(matrices[1].values() == Array(repeating: -2, count: 64) && gpu.failure == nil)
    }
}
