import CKernels
import Foundation
import Testing

/// Linear layers of every instruction set, precision and epilogue against sums in double precision.
struct LinearKernelTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let epilogue: mynah_epilogue
        let tolerance: Double
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "store", epilogue: MYNAH_STORE, tolerance: 2e-6),
        Case(name: "residual", epilogue: MYNAH_RESIDUAL, tolerance: 2e-6),
        Case(name: "silu", epilogue: MYNAH_SILU, tolerance: 2e-6),
        Case(name: "siluGate", epilogue: MYNAH_SILU_GATE, tolerance: 4e-6),
        Case(name: "quantize", epilogue: MYNAH_QUANTIZE, tolerance: 1e-6),
        Case(name: "tanh", epilogue: MYNAH_TANH, tolerance: 2e-6),
    ]
    static let rowCounts = [1, 2, 3, 8, 9, 10, 18, 19, 37]
    static let most = 37
    static let shapes: [(k: Int, n: Int)] = [1, 3, 31, 64, 100].flatMap { k in
        [1, 16, 31, 32, 33, 64, 100].map { (k, $0) }
    }

    @Test(arguments: KernelSet.all, cases) func matchesPlainSums(kernels: KernelSet, test: Case) {
        for precision in ["f32", "bf16"] {
            for shape in Self.shapes where test.epilogue != MYNAH_SILU_GATE || shape.n % 2 == 0 {
                let layer = LinearLayer.cached(k: shape.k, n: shape.n, precision: precision)
                check(layer, kernels.table, test, "\(precision) k \(shape.k) n \(shape.n)")
            }
        }
    }

    private func check(_ layer: LinearLayer, _ table: mynah_kernels, _ test: Case, _ name: String) {
        let isGated = test.epilogue == MYNAH_SILU_GATE
        let columns = isGated ? layer.n / 2 : layer.n
        let whole = GuardedRows(rows: Self.most, columns: columns, stride: columns + 5)
        layer.run(table, test.epilogue, 0..<Self.most, into: whole)
        #expect(whole.isUntouchedOutside(), "\(name) wrote outside")
        #expect(layer.worstError(of: whole, test.epilogue) < test.tolerance, "\(name)")
        // Any number of rows, beginning anywhere: the same bits.
        let part = GuardedRows(rows: Self.most, columns: columns, stride: columns)
        for count in Self.rowCounts {
            let rows = (Self.most - count) / 2..<(Self.most - count) / 2 + count
            part.clear()
            layer.run(table, test.epilogue, rows, into: part)
            #expect(part.isUntouchedOutside(rows: rows), "\(name), \(count) rows wrote outside")
            for row in rows where !part.row(row, equals: whole, row: row) {
                Issue.record("\(name): row \(row) depends on its \(count - 1) neighbours")
                break
            }
        }
    }

    @Test(arguments: KernelSet.all) func rowsMayOverlap(kernels: KernelSet) {
        var generator = SplitMix(state: 8)
        let signal = generator.floats(64)
        let layer = LinearLayer(k: 21, n: 33, precision: "f32", generator: &generator)
        let out = GuardedRows(rows: 15, columns: 33, stride: 40)
        signal.withUnsafeBufferPointer { x in
            layer.run(kernels.table, MYNAH_STORE, 0..<15, into: out, x: x.baseAddress!, stride: 3)
        }
        for row in 0..<15 {
            let expected = layer.sums(signal[row * 3..<row * 3 + 21].map(Double.init))
            #expect(worstError(out.row(row), expected) < 2e-6)
        }
        #expect(out.isUntouchedOutside())
    }

    /// `silu` shows the accuracy of the exponential: for negative x it is x e^x to many digits.
    @Test(arguments: KernelSet.all) func exponentialIsAccurate(kernels: KernelSet) {
        let count = 4001
        let inputs = (0..<count).map { Float($0 - 2000) * 0.0432 }
        let out = GuardedRows(rows: count, columns: 1, stride: 1)
        var panel = [Float](repeating: 0, count: 32)
        panel[0] = 1
        var call = mynah_linear()
        inputs.withUnsafeBufferPointer { x in
            panel.withUnsafeBufferPointer { weights in
                call.x = x.baseAddress
                call.x_stride = 1
                call.k = 1
                call.n = 1
                call.weights = UnsafeRawPointer(weights.baseAddress)
                call.out = out.base
                call.out_stride = 1
                call.epilogue = MYNAH_SILU
                kernels.table.linear_f32(&call, 0, 1, 0, count)
            }
        }
        var worst = 0.0
        for (x, y) in zip(inputs, out.values) where x != 0 {
            let exact = Double(x) / (1 + exp(-Double(x)))
            worst = max(worst, abs(Double(y) / exact - 1))
        }
        #expect(worst < 4e-7)
    }

    @Test(arguments: KernelSet.all) func extremesOfSilu(kernels: KernelSet) {
        let layer = LinearLayer(identity: 32)
        let inputs: [Float] = [-.infinity, -1e30, -1000, -88, 0, 88, 1000, 1e30, .infinity, .nan]
        for value in inputs {
            let x = [value] + [Float](repeating: 0, count: 31)
            let out = GuardedRows(rows: 1, columns: 32, stride: 32)
            x.withUnsafeBufferPointer {
                layer.run(kernels.table, MYNAH_SILU, 0..<1, into: out, x: $0.baseAddress!, stride: 32)
            }
            let result = out.row(0)[0]
            switch value {
            case .infinity: #expect(result == .infinity)
            case -.infinity: #expect(result.isInfinite || abs(result) < 1e-6)
            case _ where value.isNaN: #expect(result.isNaN)
            default: #expect(abs(result - max(0, value)) <= 1e-7 * max(1, value))
            }
        }
    }
}
