import Compute
import Foundation
import Testing

/// Linear layers in 8-bit integers against the same quantisation in plain Swift.
struct Int8LinearTests {
    /// Weights and rows that exercise odd sizes, a zero row, a zero column and large outliers.
    private struct Layer {
        let weights: [Float]
        let rows: [Float]
        let norm: [Float]
        let inputs: Int
        let outputs: Int
        let rowCount: Int

        init(rowCount: Int, inputs: Int, outputs: Int) {
            var generator = SplitMix(state: UInt64(rowCount * 7919 + inputs * 31 + outputs))
            weights = generator.floats(inputs * outputs).enumerated().map { index, value in
                index / inputs == outputs / 2 && outputs > 2 ? 0 : value
            }
            var rows = generator.floats(rowCount * inputs)
            if rowCount > 2 { for column in 0..<inputs { rows[2 * inputs + column] = 0 } }
            rows[0] *= 50
            self.rows = rows
            norm = generator.floats(inputs).map { $0 + 1 }
            self.inputs = inputs
            self.outputs = outputs
            self.rowCount = rowCount
        }

        func packed(_ team: WorkerTeam) -> LinearWeight {
            weights.withUnsafeBytes { bytes in
                LinearWeight(
                    stacking: [WeightRows(bytes, format: .f32, outputs: outputs, inputs: inputs)], precision: .int8,
                    team: team)
            }
        }

        /// Symmetric, to 127 levels on each side, halves to even.
        private func quantize(_ values: ArraySlice<Float>) -> (levels: [Int], scale: Float) {
            let peak = values.map { abs($0) }.max() ?? 0
            guard peak > 0 else { return (values.map { _ in 0 }, 0) }
            let inverse = 127 / peak
            return (values.map { Int(($0 * inverse).rounded(.toNearestOrEven)) }, peak / 127)
        }

        /// A row has a scale for each block of 512 inputs.
        func expected() -> [Double] {
            let columns = (0..<outputs).map { quantize(weights[$0 * inputs..<($0 + 1) * inputs]) }
            return (0..<rowCount).flatMap { row -> [Double] in
                let blocks = stride(from: 0, to: inputs, by: 512).map { first in
                    let last = min(first + 512, inputs)
                    return (first: first, row: quantize(rows[row * inputs + first..<row * inputs + last]))
                }
                return columns.map { column in
                    blocks.reduce(0) { total, block in
                        let sum = zip(block.row.levels, column.levels[block.first...]).reduce(0) { $0 + $1.0 * $1.1 }
                        return total + Double(sum) * Double(block.row.scale) * Double(column.scale)
                    }
                }
            }
        }
    }

    static let shapes = [
        (1, 1, 1), (1, 5, 33), (3, 64, 32), (9, 100, 31), (10, 101, 70), (18, 128, 64), (19, 257, 100),
        (1, 512, 32), (2, 515, 33), (11, 1201, 40),
    ]

    @Test(arguments: KernelSet.all.map(\.name)) func equalsPlainIntegers(instructionSet: String) throws {
        for threads in [1, 2] {
            let team = WorkerTeam(count: threads)
            let backend = try CPUBackend(team: team, instructionSet: instructionSet)
            for (rows, inputs, outputs) in Self.shapes {
                let layer = Layer(rowCount: rows, inputs: inputs, outputs: outputs)
                let x = Matrix(rows: rows, columns: inputs, values: layer.rows)
                let out = Matrix(rows: rows, columns: outputs)
                backend.linear(x, norm: nil, layer.packed(team), into: out, .store)
                for (actual, wanted) in zip(out.values(), layer.expected()) {
                    let error = abs(Double(actual) - wanted)
                    #expect(error <= 2e-6 * max(1, abs(wanted)), "\(rows) x \(inputs) x \(outputs)")
                }
            }
        }
    }

    /// What a gated layer hands to the next one: a product of two values is often small and seldom very large, so that a
    /// single scale for thousands of them would lose most.
    @Test func wideRowsKeepTheirSmallValues() throws {
        var generator = SplitMix(state: 3)
        func normal(_ count: Int) -> [Float] {
            (0..<count).map { _ in generator.floats(12).reduce(0, +) }
        }
        let (rows, inputs, outputs) = (4, 4096, 64)
        let values = zip(normal(rows * inputs), normal(rows * inputs)).map { $0 / (1 + exp(-$0)) * $1 }
        let weights = normal(inputs * outputs)
        let team = WorkerTeam(count: 2)
        let backend = try CPUBackend(team: team)
        func run(_ precision: Precision) -> [Float] {
            let weight = weights.withUnsafeBytes { bytes in
                LinearWeight(
                    stacking: [WeightRows(bytes, format: .f32, outputs: outputs, inputs: inputs)],
                    precision: precision, team: team)
            }
            let out = Matrix(rows: rows, columns: outputs)
            backend.linear(
                Matrix(rows: rows, columns: inputs, values: values), norm: nil, weight, into: out, .store)
            return out.values()
        }
        let exact = run(.f32)
        let error = zip(run(.int8), exact).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let power = exact.reduce(Float(0)) { $0 + $1 * $1 }
        #expect((error / power).squareRoot() < 0.02)
    }

    /// One block of inputs and several, every number of rows that a tile has, every way in and out.
    @Test(arguments: KernelSet.all.map(\.name), [101, 1201])
    func aRowDoesNotDependOnItsNeighbours(instructionSet: String, inputs: Int) throws {
        let team = WorkerTeam(count: 2)
        let backend = try CPUBackend(team: team, instructionSet: instructionSet)
        let layer = Layer(rowCount: 19, inputs: inputs, outputs: 70)
        let weight = layer.packed(team)
        let norm = NormWeight(values: layer.norm, epsilon: 1e-5)
        let x = Matrix(rows: 19, columns: inputs, values: layer.rows)
        let before = Matrix(rows: 19, columns: 70, values: (0..<19 * 70).map { Float($0 % 13) / 7 })
        func run(_ rows: Range<Int>, _ norm: NormWeight?, _ epilogue: Epilogue) -> [Float] {
            let out = Matrix(rows: rows.count, columns: 70)
            backend.linear(x[rows: rows], norm: norm, weight, into: out, epilogue)
            return out.values()
        }
        for norm in [nil, norm] {
            for isResidual in [false, true] {
                func epilogue(_ rows: Range<Int>) -> Epilogue {
                    isResidual ? .residual(before[rows: rows], scale: 0.37) : .silu
                }
                let together = run(0..<19, norm, epilogue(0..<19))
                for count in 1...18 {
                    let rows = 19 - count..<19
                    let isSame = run(rows, norm, epilogue(rows)) == Array(together[(19 - count) * 70..<19 * 70])
                    #expect(isSame, "\(count) rows")
                }
            }
        }
    }

    /// Shares of panels, and shares of rows where panels are few.
    @Test(arguments: KernelSet.all.map(\.name)) func everyTeamGivesTheSameBits(instructionSet: String) throws {
        for (rows, inputs, outputs) in [(1, 101, 300), (18, 64, 300), (130, 33, 70)] {
            let layer = Layer(rowCount: rows, inputs: inputs, outputs: outputs)
            let norm = NormWeight(values: layer.norm, epsilon: 1e-5)
            let x = Matrix(rows: rows, columns: inputs, values: layer.rows)
            var previous: [[Float]]?
            for threads in teamSizes {
                let team = WorkerTeam(count: threads)
                let backend = try CPUBackend(team: team, instructionSet: instructionSet)
                let weight = layer.packed(team)
                let results = [nil, norm].map { norm -> [Float] in
                    let out = Matrix(rows: rows, columns: outputs)
                    backend.linear(x, norm: norm, weight, into: out, .residual(out, scale: 1))
                    return out.values()
                }
                #expect(previous == nil || previous == results, "\(threads) threads give other bits")
                previous = results
            }
        }
    }

    @Test(arguments: KernelSet.all.map(\.name)) func normalisesBeforeItQuantises(instructionSet: String) throws {
        let team = WorkerTeam(count: 2)
        let backend = try CPUBackend(team: team, instructionSet: instructionSet)
        let layer = Layer(rowCount: 10, inputs: 100, outputs: 64)
        let norm = NormWeight(values: layer.norm, epsilon: 1e-5)
        let x = Matrix(rows: 10, columns: 100, values: layer.rows)
        let normalized = Matrix(rows: 10, columns: 100)
        backend.normalize(x, norm, into: normalized)
        let weight = layer.packed(team)
        let fused = Matrix(rows: 10, columns: 64)
        let apart = Matrix(rows: 10, columns: 64)
        backend.linear(x, norm: norm, weight, into: fused, .store)
        backend.linear(normalized, norm: nil, weight, into: apart, .store)
        // A value on the edge between two levels may fall to either side: one level of one input.
        for (left, right) in zip(fused.values(), apart.values()) { #expect(abs(left - right) < 0.05) }
    }

    @Test func gatedLayersKeepGateAndUpTogether() throws {
        let team = WorkerTeam(count: 2)
        let backend = try CPUBackend(team: team)
        var generator = SplitMix(state: 5)
        let inputs = 64
        for outputs in [16, 37, 48] {
            let gate = generator.floats(outputs * inputs)
            let up = generator.floats(outputs * inputs)
            let x = Matrix(rows: 9, columns: inputs, values: generator.floats(9 * inputs))
            func run(_ precision: Precision) -> [Float] {
                let weight = gate.withUnsafeBytes { gate in
                    up.withUnsafeBytes { up in
                        LinearWeight(
                            gate: WeightRows(gate, format: .f32, outputs: outputs, inputs: inputs),
                            up: WeightRows(up, format: .f32, outputs: outputs, inputs: inputs), precision: precision,
                            team: team)
                    }
                }
                let out = Matrix(rows: 9, columns: outputs)
                backend.linear(x, norm: nil, weight, into: out, .siluGate)
                return out.values()
            }
            let exact = run(.f32)
            let error = zip(run(.int8), exact).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            let power = exact.reduce(Float(0)) { $0 + $1 * $1 }
            #expect((error / power).squareRoot() < 0.03, "\(outputs) outputs")
        }
    }
}
