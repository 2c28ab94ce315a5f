import Foundation
import Testing

@testable import Compute

/// The backend over teams of any size: packing, sharing of rows and panels, views.
struct CPUBackendTests {
    struct Shape: Sendable {
        var rows: Int
        var inputs: Int
        var outputs: [Int]
    }

    static let shapes = [
        Shape(rows: 1, inputs: 1, outputs: [1]), Shape(rows: 3, inputs: 31, outputs: [16, 17]),
        Shape(rows: 19, inputs: 64, outputs: [33, 64, 3]), Shape(rows: 70, inputs: 40, outputs: [31]),
        Shape(rows: 130, inputs: 9, outputs: [70]), Shape(rows: 18, inputs: 33, outputs: [300]),
    ]

    @Test(arguments: shapes, [Precision.f32, .bf16]) func stackedLinear(shape: Shape, precision: Precision) throws {
        var generator = SplitMix(state: 21)
        let matrices = shape.outputs.map { generator.floats($0 * shape.inputs) }
        let outputs = shape.outputs.reduce(0, +)
        let bias = generator.floats(outputs)
        let x = Matrix(rows: shape.rows, columns: shape.inputs + 5)[columns: 2..<shape.inputs + 2]
        x.write(generator.floats(shape.rows * shape.inputs))
        let norm = NormWeight(values: generator.floats(shape.inputs), epsilon: 1e-5)
        let residual = Matrix(
            rows: shape.rows, columns: outputs, values: generator.floats(shape.rows * outputs))
        var previous: [[Float]]?
        for threads in teamSizes {
            let team = WorkerTeam(count: threads)
            let backend = try CPUBackend(team: team)
            let weight = withRows(matrices, inputs: shape.inputs) {
                LinearWeight(stacking: $0, bias: bias, precision: precision, team: team)
            }
            var results: [[Float]] = []
            for epilogue in [Epilogue.store, .residual(residual, scale: 0.5), .silu, .tanh, .quantize(scale: 9)] {
                let out = Matrix(rows: shape.rows, columns: outputs)
                backend.linear(x, norm: nil, weight, into: out, epilogue)
                results.append(out.values())
                backend.linear(x, norm: norm, weight, into: out, epilogue)
                results.append(out.values())
            }
            #expect(previous == nil || previous == results, "\(threads) threads give other bits")
            previous = results
            // A row by itself has the bits that it has among others.
            let last = Matrix(rows: 1, columns: outputs)
            backend.linear(x[rows: shape.rows - 1..<shape.rows], norm: norm, weight, into: last, .silu)
            #expect(last.values() == Array(results[5].suffix(outputs)))
        }
        guard let result = previous?[0] else { return }
        let weights = matrices.flatMap { $0 }.map { precision == .bf16 ? LinearLayer.roundedToHalf($0) : $0 }
        #expect(worstError(result, plainSums(x.values(), weights, bias, shape.inputs, outputs)) < 1e-5)
    }

    @Test(arguments: [1, 15, 16, 17, 40], [Precision.f32, .bf16]) func gatedLinear(outputs: Int, precision: Precision)
        throws
    {
        var generator = SplitMix(state: 22)
        let inputs = 23
        let (gate, up) = (generator.floats(outputs * inputs), generator.floats(outputs * inputs))
        let x = Matrix(rows: 11, columns: inputs, values: generator.floats(11 * inputs))
        var previous: [Float]?
        for threads in teamSizes {
            let team = WorkerTeam(count: threads)
            let weight = withRows([gate, up], inputs: inputs) {
                LinearWeight(gate: $0[0], up: $0[1], precision: precision, team: team)
            }
            let storage = Matrix(rows: 13, columns: outputs + 4)
            storage.fill(7)
            let out = storage[rows: 1..<12][columns: 2..<outputs + 2]
            try CPUBackend(team: team).linear(x, norm: nil, weight, into: out, .siluGate)
            #expect(previous == nil || previous == out.values())
            previous = out.values()
            out.fill(7)
            #expect(storage.values().allSatisfy { $0 == 7 }, "wrote outside")
        }
        let rounded = [gate, up].map { $0.map { precision == .bf16 ? LinearLayer.roundedToHalf($0) : $0 } }
        let zeros = [Float](repeating: 0, count: outputs)
        let gates = plainSums(x.values(), rounded[0], zeros, inputs, outputs)
        let ups = plainSums(x.values(), rounded[1], zeros, inputs, outputs)
        #expect(worstError(previous ?? [], zip(gates, ups).map { $0 / (1 + exp(-$0)) * $1 }) < 1e-5)
    }

    @Test(arguments: 1...3) func halfFormatsAreReadAsTheyAre(threads: Int) throws {
        let team = WorkerTeam(count: threads)
        // 1.5 and -2 in both 16-bit formats.
        for (format, bits) in [(WeightRows.Format.f16, [UInt16(0x3e00), 0xc000]), (.bf16, [0x3fc0, 0xc000])] {
            let weight = bits.withUnsafeBytes {
                LinearWeight(
                    stacking: [WeightRows($0, format: format, outputs: 2, inputs: 1)], precision: .f32, team: team)
            }
            let out = Matrix(rows: 1, columns: 2)
            try CPUBackend(team: team).linear(
                Matrix(rows: 1, columns: 1, values: [2]), norm: nil, weight, into: out, .store)
            #expect(out.values() == [3, -4])
        }
    }

    @Test func convolutionsAreTheSameForEveryTeam() throws {
        var generator = SplitMix(state: 23)
        let (channels, rows, history) = (37, 41, 54)
        let storage = Matrix(
            rows: history + rows, columns: channels, values: generator.floats((history + rows) * channels))
        let x = storage[rows: history..<history + rows]
        let snake = SnakeWeight(alpha: generator.floats(channels, in: 0.1...2))
        let depthwise = DepthwiseWeight(
            taps: 7, dilation: 9, weights: generator.floats(7 * channels), bias: generator.floats(channels))
        let filter = FilterWeight(weights: generator.floats(7 * channels), bias: 0.5)
        let windows = Matrix(
            storage: storage.storage, offset: (history - 6) * channels, rows: rows, columns: 7 * channels,
            rowStride: channels)
        var previous: [[Float]]?
        for threads in teamSizes {
            let backend = try CPUBackend(team: WorkerTeam(count: threads))
            var results: [[Float]] = []
            let out = Matrix(rows: rows, columns: channels)
            backend.snake(x, snake, into: out)
            results.append(out.values())
            for activation in [nil, snake] {
                backend.depthwise(x, depthwise, snake: activation, into: out)
                results.append(out.values())
            }
            let samples = Matrix(rows: rows, columns: 1)
            backend.filter(windows, filter, into: samples)
            results.append(samples.values())
            backend.tanh(samples)
            results.append(samples.values())
            #expect(previous == nil || previous == results)
            previous = results
        }
    }

    /// Enough rows that every member gets a share.
    @Test func attentionIsTheSameForEveryTeam() throws {
        var generator = SplitMix(state: 24)
        let heads = HeadLayout(heads: 4, keyValueHeads: 2, headSize: 10)
        let rows = 40
        let start = generator.floats(rows * heads.fusedWidth)
        let angles = generator.floats(50 * 5, in: -3...3)
        let table = RotaryTable(
            cosines: Matrix(rows: 50, columns: 5, values: angles.map { cos($0) }),
            sines: Matrix(rows: 50, columns: 5, values: angles.map { sin($0) }))
        var previous: [[Float]]?
        for threads in teamSizes {
            let backend = try CPUBackend(team: WorkerTeam(count: threads))
            var results: [[Float]] = []
            for hasCache in [false, true] {
                let qkv = Matrix(rows: rows, columns: heads.fusedWidth, values: start)
                let cache = (
                    keys: Matrix(rows: 50, columns: heads.keyValueWidth),
                    values: Matrix(rows: 50, columns: heads.keyValueWidth)
                )
                let plan = hasCache ? RowPlan.causal(from: 3, count: rows) : .groups(8, of: 5)
                let out = Matrix(rows: rows, columns: heads.queryWidth)
                backend.rotate(qkv, heads: heads, table: table, cache: hasCache ? cache : nil, plan: plan)
                backend.attend(qkv, heads: heads, cache: hasCache ? cache : nil, plan: plan, into: out)
                results += [qkv.values(), cache.keys.values(), cache.values.values(), out.values()]
            }
            #expect(previous == nil || previous == results, "\(threads) threads give other bits")
            previous = results
        }
    }

    @Test func elementwiseOperations() throws {
        let backend = try CPUBackend(team: WorkerTeam(count: 2))
        let storage = Matrix(rows: 3, columns: 8)
        storage.fill(9)
        let out = storage[columns: 1..<6]
        let a = Matrix(rows: 3, columns: 5, values: (0..<15).map { Float($0) })
        backend.add(a, a, into: out)
        #expect(out.values() == (0..<15).map { Float(2 * $0) })
        backend.copy(a, into: out)
        #expect(out.values() == a.values())
        backend.add(out, a, into: out)
        #expect(out.values() == (0..<15).map { Float(2 * $0) })
        out.fill(9)
        #expect(storage.values().allSatisfy { $0 == 9 }, "wrote outside")
        let norm = NormWeight(values: [2, 2, 2, 2, 2], epsilon: 0)
        backend.normalize(Matrix(rows: 1, columns: 5, values: [3, 3, -3, 3, -3]), norm, into: out.prefix(1))
        #expect(worstError(out.prefix(1).values(), [2, 2, -2, 2, -2]) < 1e-6)
        let x = Matrix(rows: 1, columns: 2, values: [1, 2])
        backend.guide(
            x, guided: Matrix(rows: 1, columns: 2, values: [1, 1]),
            free: Matrix(rows: 1, columns: 2, values: [0.5, -1]),
            cfg: 2, zeroStar: false, delta: 0.1)
        #expect(worstError(x.values(), [0.85, 1.7]) < 1e-6)
    }

    private func withRows<R>(_ matrices: [[Float]], inputs: Int, _ body: ([WeightRows]) -> R) -> R {
        let all = matrices.flatMap { $0 }
        return all.withUnsafeBytes { bytes in
            var start = 0
            let rows = matrices.map { matrix in
                defer { start += matrix.count * 4 }
                return WeightRows(
                    UnsafeRawBufferPointer(rebasing: bytes[start..<start + matrix.count * 4]), format: .f32,
                    outputs: matrix.count / inputs, inputs: inputs)
            }
            return body(rows)
        }
    }

    private func plainSums(_ x: [Float], _ w: [Float], _ bias: [Float], _ k: Int, _ n: Int) -> [Double] {
        var result: [Double] = []
        result.reserveCapacity(x.count / k * n)
        for row in 0..<x.count / k {
            for column in 0..<n {
                var sum = Double(bias[column])
                var i = 0
                while i < k {
                    sum += Double(x[row * k + i]) * Double(w[column * k + i])
                    i += 1
                }
                result.append(sum)
            }
        }
        return result
    }
}
