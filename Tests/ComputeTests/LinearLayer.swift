import CKernels
import Foundation

/// A random linear layer over 37 rows with its packed weights, and what it gives in double precision.
final class LinearLayer: Sendable {
    static let quantizerScale: Float = 9
    static let residualScale: Float = 0.37
    static let rows = 37
    let k: Int
    let n: Int
    private let isHalf: Bool
    private let weights: [Float]
    private let bias: [Float]
    private let x: [Float]
    private let residual: [Float]
    private let panels: [UInt32]
    private let gatedPanels: [UInt32]
    private let sums: [Double]

    convenience init(k: Int, n: Int, precision: String, generator: inout SplitMix) {
        self.init(
            k: k, n: n, isHalf: precision == "bf16", weights: generator.floats(k * n), bias: generator.floats(n),
            x: generator.floats(Self.rows * k), residual: generator.floats(Self.rows * n))
    }

    /// `y = x`.
    convenience init(identity n: Int) {
        var weights = [Float](repeating: 0, count: n * n)
        for i in 0..<n { weights[i * n + i] = 1 }
        let zeros = [Float](repeating: 0, count: Self.rows * n)
        self.init(k: n, n: n, isHalf: false, weights: weights, bias: Array(zeros[..<n]), x: zeros, residual: zeros)
    }

    private init(k: Int, n: Int, isHalf: Bool, weights: [Float], bias: [Float], x: [Float], residual: [Float]) {
        self.k = k
        self.n = n
        self.isHalf = isHalf
        self.weights = isHalf ? weights.map { Self.roundedToHalf($0) } : weights
        self.bias = bias
        self.x = x
        self.residual = residual
        panels = Self.pack(weights, k: k, n: n, isHalf: isHalf, isGated: false)
        gatedPanels = n % 2 == 0 ? Self.pack(weights, k: k, n: n, isHalf: isHalf, isGated: true) : []
        sums = Self.sums(x, self.weights, bias, k: k, n: n)
    }

    private static let cache = Cache()

    /// Layers by shape. `@unchecked Sendable`: the lock guards them. (`NSLock`, since the thread sanitizer sees it but
    /// not `Mutex`, which waits inside a library that is not instrumented.)
    private final class Cache: @unchecked Sendable {
        private let lock = NSLock()
        private var layers: [String: LinearLayer] = [:]

        func layer(_ key: String, make: () -> LinearLayer) -> LinearLayer {
            lock.withLock {
                if let layer = layers[key] { return layer }
                let layer = make()
                layers[key] = layer
                return layer
            }
        }
    }

    /// The layer of that shape, made once: the sums take the time of these tests.
    static func cached(k: Int, n: Int, precision: String) -> LinearLayer {
        cache.layer("\(k) \(n) \(precision)") {
            var generator = SplitMix(state: UInt64(k * 1000 + n))
            return LinearLayer(k: k, n: n, precision: precision, generator: &generator)
        }
    }

    /// Rounding to bfloat16 by its definition: to nearest, ties to even.
    static func roundedToHalf(_ value: Float) -> Float {
        let below = Float(bitPattern: value.bitPattern & 0xffff_0000)
        let above = Float(bitPattern: (value.bitPattern & 0xffff_0000) &+ 0x1_0000)
        let (down, up) = (abs(Double(value) - Double(below)), abs(Double(above) - Double(value)))
        if down != up { return down < up ? below : above }
        return below.bitPattern & 0x1_0000 == 0 ? below : above
    }

    private static func sums(_ x: [Float], _ w: [Float], _ bias: [Float], k: Int, n: Int) -> [Double] {
        var result = [Double](repeating: 0, count: x.count / k * n)
        x.withUnsafeBufferPointer { x in
            w.withUnsafeBufferPointer { w in
                for row in 0..<x.count / k {
                    for column in 0..<n {
                        var sum = Double(bias[column])
                        var i = 0
                        while i < k {
                            sum += Double(x[row * k + i]) * Double(w[column * k + i])
                            i += 1
                        }
                        result[row * n + column] = sum
                    }
                }
            }
        }
        return result
    }

    /// What one row of inputs gives.
    func sums(_ row: [Double]) -> [Double] {
        (0..<n).map { column in
            (0..<k).reduce(Double(bias[column])) { $0 + row[$1] * Double(weights[column * k + $1]) }
        }
    }

    /// The first half of the outputs are gates, the second half their partners.
    private static func pack(_ weights: [Float], k: Int, n: Int, isHalf: Bool, isGated: Bool) -> [UInt32] {
        let width = Int(MYNAH_PANEL)
        let half = n / 2
        let count = isGated ? (half + 15) / 16 : (n + width - 1) / width
        let words = k * (isHalf ? width / 2 : width)
        var packed = [UInt32](repeating: 0, count: count * words)
        let zeros = [Float](repeating: 0, count: k)
        weights.withUnsafeBufferPointer { weights in
            zeros.withUnsafeBufferPointer { zeros in
                packed.withUnsafeMutableBufferPointer { packed in
                    for panel in 0..<count {
                        var rows: [UnsafePointer<Float>?] = []
                        for column in 0..<width {
                            if isGated {
                                let row = panel * 16 + column % 16
                                rows.append(
                                    row < half
                                        ? weights.baseAddress! + (column < 16 ? row : half + row) * k
                                        : zeros.baseAddress!)
                            } else if panel * width + column < n {
                                rows.append(weights.baseAddress! + (panel * width + column) * k)
                            }
                        }
                        let target = packed.baseAddress! + panel * words
                        if isHalf {
                            mynah_pack_bf16(rows, rows.count, k, target)
                        } else {
                            target.withMemoryRebound(to: Float.self, capacity: words) {
                                mynah_pack_f32(rows, rows.count, k, $0)
                            }
                        }
                    }
                }
            }
        }
        return packed
    }

    /// Runs the kernel over some of the layer's own rows (or over those given), one panel range after another.
    func run(
        _ table: mynah_kernels, _ epilogue: mynah_epilogue, _ rows: Range<Int>, into out: GuardedRows,
        x given: UnsafePointer<Float>? = nil, stride: Int = 0
    ) {
        let isGated = epilogue == MYNAH_SILU_GATE
        let own = GuardedRows(rows: Self.rows, columns: k, stride: k + 3, values: x)
        let residuals = GuardedRows(rows: Self.rows, columns: n, stride: n + 1, values: residual)
        let kernel: Kernel = isHalf ? table.linear_bf16 : table.linear_f32
        var call = mynah_linear()
        call.x = given ?? UnsafePointer(own.base)
        call.x_stride = given == nil ? own.stride : stride
        call.k = k
        call.n = n
        call.out = out.base
        call.out_stride = out.stride
        call.residual = UnsafePointer(residuals.base)
        call.residual_stride = residuals.stride
        call.scale = epilogue == MYNAH_QUANTIZE ? Self.quantizerScale : Self.residualScale
        call.epilogue = epilogue
        // Exactly n values: an access beyond would be seen by the address sanitizer.
        bias.withUnsafeBufferPointer { bias in
            (isGated ? gatedPanels : panels).withUnsafeBytes { weights in
                call.bias = isGated ? nil : bias.baseAddress
                call.weights = weights.baseAddress
                let count = isGated ? (n / 2 + 15) / 16 : (n + 31) / 32
                kernel(&call, 0, count / 2, rows.lowerBound, rows.upperBound)
                kernel(&call, count / 2, count, rows.lowerBound, rows.upperBound)
            }
        }
    }

    typealias Kernel =
        @convention(c) (UnsafePointer<mynah_linear>?, Int, Int, Int, Int) -> Void

    /// How far the rows are from the layer's own in double precision.
    func worstError(of out: GuardedRows, _ epilogue: mynah_epilogue) -> Double {
        var worst = 0.0
        for row in 0..<out.rows {
            let actual = out.row(row)
            for column in 0..<out.columns {
                let error = error(Double(actual[column]), row, column, epilogue)
                if error.isNaN { return .infinity }
                worst = max(worst, error)
            }
        }
        return worst
    }

    private func error(_ actual: Double, _ row: Int, _ column: Int, _ epilogue: mynah_epilogue) -> Double {
        let sum = sums[row * n + column]
        var expected = sum
        switch epilogue {
        case MYNAH_RESIDUAL: expected = Double(residual[row * n + column]) + Double(Self.residualScale) * sum
        case MYNAH_SILU: expected = silu(sum)
        case MYNAH_SILU_GATE:
            // Gated layers have no bias.
            let up = column + n / 2
            expected = silu(sum - Double(bias[column])) * (sums[row * n + up] - Double(bias[up]))
        case MYNAH_TANH: expected = tanh(sum)
        case MYNAH_QUANTIZE:
            let scaled = tanh(sum) * Double(Self.quantizerScale)
            // On the edge between two levels either is right.
            if abs(scaled - scaled.rounded(.down) - 0.5) < 1e-4 { return 0 }
            expected = scaled.rounded(.toNearestOrEven) / Double(Self.quantizerScale)
        default: break
        }
        // The error of a sum grows with what was added, not with what remains.
        return abs(actual - expected) / max(1, abs(expected), Double(k) / 16)
    }

    private func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }
}
