import CKernels
import Foundation
import Testing

/// Snake, depthwise convolution, single-output filter and tanh against their definitions in double precision.
struct ConvolutionKernelTests {
    static let widths = [1, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100]

    @Test(arguments: KernelSet.all) func snake(kernels: KernelSet) {
        var generator = SplitMix(state: 5)
        for channels in Self.widths {
            let values = generator.floats(9 * channels, in: -4...4)
            let alpha = generator.floats(channels, in: 0.05...3)
            let inverse = alpha.map { 1 / ($0 + 1e-9) }
            let x = GuardedRows(rows: 9, columns: channels, stride: channels, values: values)
            let out = GuardedRows(rows: 9, columns: channels, stride: channels)
            kernels.table.snake(x.base, alpha, inverse, channels, out.base, 0, 4)
            kernels.table.snake(x.base, alpha, inverse, channels, out.base, 4, 9)
            #expect(out.isUntouchedOutside())
            let expected = values.enumerated().map { index, value in
                Self.snake(Double(value), Double(alpha[index % channels]))
            }
            #expect(worstError(out.values, expected) < 8e-6, "\(channels) channels")
            kernels.table.snake(x.base, alpha, inverse, channels, x.base, 0, 9)
            #expect(x.values == out.values, "in place")
        }
    }

    private static func snake(_ x: Double, _ alpha: Double) -> Double {
        let s = sin(alpha * x)
        return x + s * s / (alpha + 1e-9)
    }

    /// A tiny x and a large alpha whose product is exact show the sine by itself.
    @Test(arguments: KernelSet.all) func sineIsAccurate(kernels: KernelSet) {
        let tiny: Float = 0x1p-20
        for (limit, tolerance) in [(1.6, 3e-7), (30, 3e-7), (1000, 3e-7), (8192, 3e-7), (100_000, 3e-6)] {
            let angles = (0..<4096).map { Float((Double($0) / 2048 - 1) * limit) }
            let out = GuardedRows(rows: 1, columns: 4096, stride: 4096)
            kernels.table.snake(
                [Float](repeating: tiny, count: 4096), angles.map { $0 / tiny },
                [Float](repeating: 1, count: 4096), 4096, out.base, 0, 1)
            let expected = angles.map { sin(Double($0)) * sin(Double($0)) + Double(tiny) }
            #expect(worstError(out.values, expected) < tolerance, "up to \(limit)")
        }
    }

    /// Beyond all reason the sine is wrong, but stays a sine.
    @Test(arguments: KernelSet.all) func snakeOfHugeValues(kernels: KernelSet) {
        let values: [Float] = [1e9, -1e12, 1e20, -1e30, .greatestFiniteMagnitude, 3e38, -3e38, 1e6]
        let ones = [Float](repeating: 1, count: values.count)
        let out = GuardedRows(rows: 1, columns: values.count, stride: values.count)
        kernels.table.snake(values, ones, ones, values.count, out.base, 0, 1)
        for (value, result) in zip(values, out.values) { #expect(result >= value && result <= value + 1) }
    }

    @Test(arguments: KernelSet.all) func depthwise(kernels: KernelSet) {
        var generator = SplitMix(state: 6)
        for channels in Self.widths {
            for (taps, dilation) in [(1, 1), (3, 2), (7, 1), (7, 3), (7, 9)] {
                for (hasBias, hasSnake) in [(true, true), (false, true), (true, false), (false, false)] {
                    checkDepthwise(kernels.table, channels, taps, dilation, hasBias, hasSnake, &generator)
                }
            }
        }
    }

    private func checkDepthwise(
        _ table: mynah_kernels, _ channels: Int, _ taps: Int, _ dilation: Int, _ hasBias: Bool, _ hasSnake: Bool,
        _ generator: inout SplitMix
    ) {
        let rows = 7
        let history = (taps - 1) * dilation
        let values = generator.floats((history + rows) * channels)
        let weights = generator.floats(taps * channels)
        let bias = generator.floats(channels)
        let alpha = generator.floats(channels, in: 0.1...2)
        let inverse = alpha.map { 1 / ($0 + 1e-9) }
        let x = GuardedRows(rows: history + rows, columns: channels, stride: channels, values: values)
        let out = GuardedRows(rows: rows, columns: channels, stride: channels)
        let parts = GuardedRows(rows: rows, columns: channels, stride: channels)
        var call = mynah_depthwise()
        call.x = UnsafePointer(x.base + history * channels)
        call.channels = channels
        call.taps = taps
        call.dilation = dilation
        weights.withUnsafeBufferPointer { weights in
            bias.withUnsafeBufferPointer { bias in
                alpha.withUnsafeBufferPointer { alpha in
                    inverse.withUnsafeBufferPointer { inverse in
                        call.weights = weights.baseAddress
                        call.bias = hasBias ? bias.baseAddress : nil
                        call.alpha = hasSnake ? alpha.baseAddress : nil
                        call.inverse = hasSnake ? inverse.baseAddress : nil
                        call.out = out.base
                        table.depthwise(&call, 0, rows)
                        call.out = parts.base
                        for range in [0..<1, 1..<4, 4..<rows] {
                            table.depthwise(&call, range.lowerBound, range.upperBound)
                        }
                    }
                }
            }
        }
        let name = "\(channels) channels, \(taps) taps \(dilation) apart"
        #expect(out.isUntouchedOutside(), "\(name)")
        #expect(parts.values == out.values, "\(name) by parts")
        var expected: [Double] = []
        for row in 0..<rows {
            for c in 0..<channels {
                var sum = hasBias ? Double(bias[c]) : 0
                for tap in 0..<taps {
                    sum += Double(values[(row + tap * dilation) * channels + c]) * Double(weights[tap * channels + c])
                }
                expected.append(hasSnake ? Self.snake(sum, Double(alpha[c])) : sum)
            }
        }
        #expect(worstError(out.values, expected) < 5e-6, "\(name)")
    }

    @Test(arguments: KernelSet.all) func filter(kernels: KernelSet) {
        var generator = SplitMix(state: 7)
        for k in [1, 3, 15, 16, 17, 31, 64, 65, 100, 448] {
            let stride = (k + 6) / 7
            let values = generator.floats(10 * stride + k)
            let weights = generator.floats(k)
            let out = GuardedRows(rows: 10, columns: 1, stride: 1)
            kernels.table.filter(values, stride, weights, k, 0.25, out.base, 0, 3)
            kernels.table.filter(values, stride, weights, k, 0.25, out.base, 3, 10)
            #expect(out.isUntouchedOutside())
            let expected = (0..<10).map { row in
                (0..<k).reduce(0.25) { $0 + Double(values[row * stride + $1]) * Double(weights[$1]) }
            }
            #expect(worstError(out.values, expected) < 3e-6, "k \(k)")
        }
    }

    @Test(arguments: KernelSet.all) func tanhOfEverything(kernels: KernelSet) {
        let inputs: [Float] = [0, -0.0, 1e-20, 0.1, -0.5, 3, -8, 20, -1000, .infinity, -.infinity]
        var values = inputs
        kernels.table.tanh(&values, 0, 4)
        kernels.table.tanh(&values, 4, values.count)
        #expect(worstError(values, inputs.map { Foundation.tanh(Double($0)) }) < 2e-7)
        #expect(values[2] == 1e-20)
    }

    @Test func guideWithoutZeroStar() {
        var x: [Float] = [1, 2, 3]
        mynah_guide([1, 1, 2], [0.5, -1, 0], 3, 2, 0, 0.1, &x)
        // x - dt (free + cfg (guided - free))
        #expect(worstError(x, [1 - 0.15, 2 - 0.3, 3 - 0.4]) < 1e-6)
    }

    @Test func guideWithZeroStar() {
        var generator = SplitMix(state: 9)
        for count in [1, 7, 64, 256] {
            let (guided, free, start) = (generator.floats(count), generator.floats(count), generator.floats(count))
            var x = start
            mynah_guide(guided, free, count, 2.5, 1, 0.05, &x)
            var (dot, norm) = (0.0, 0.0)
            for i in 0..<count {
                dot += Double(guided[i]) * Double(free[i])
                norm += Double(free[i]) * Double(free[i])
            }
            let scale = dot / (norm + 1e-8)
            let expected = (0..<count).map { i in
                let base = Double(free[i]) * scale
                return Double(start[i]) - 0.05 * (base + 2.5 * (Double(guided[i]) - base))
            }
            #expect(worstError(x, expected) < 2e-6, "\(count)")
        }
        var x: [Float] = [1]
        mynah_guide([2], [0], 1, 2, 1, 0.5, &x)
        #expect(x == [-1])
    }

    @Test func unknownKernelsAreRefused() {
        #expect(mynah_kernels_for("sse9") == nil && mynah_kernels_for("") == nil)
        #expect(mynah_kernels_for(nil) != nil && mynah_kernels_for("scalar") != nil || mynah_kernels_for("neon") != nil)
    }
}
