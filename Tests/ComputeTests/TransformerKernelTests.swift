import CKernels
import Foundation
import Testing

/// Normalisation, rotary embedding and attention against plain loops in double precision.
struct TransformerKernelTests {
    static let headSizes = [8, 10, 16, 20, 64]

    @Test(arguments: KernelSet.all) func rmsNorm(kernels: KernelSet) {
        var generator = SplitMix(state: 2)
        for n in [1, 3, 15, 16, 31, 64, 100, 1024] {
            let values = generator.floats(5 * n, in: -3...3)
            let weight = generator.floats(n)
            let x = GuardedRows(rows: 5, columns: n, stride: n + 7, values: values)
            let out = GuardedRows(rows: 5, columns: n, stride: n + 2)
            kernels.table.rms_norm(x.base, x.stride, weight, 1e-5, n, out.base, out.stride, 0, 2)
            kernels.table.rms_norm(x.base, x.stride, weight, 1e-5, n, out.base, out.stride, 2, 5)
            #expect(out.isUntouchedOutside())
            for row in 0..<5 {
                let input = values[row * n..<(row + 1) * n].map(Double.init)
                let mean = input.reduce(0) { $0 + $1 * $1 } / Double(n)
                let expected = zip(input, weight).map { $0 / (mean + 1e-5).squareRoot() * Double($1) }
                #expect(worstError(out.row(row), expected) < 2e-6, "n \(n)")
            }
        }
    }

    @Test(arguments: KernelSet.all) func rmsNormOfSilence(kernels: KernelSet) {
        let out = GuardedRows(rows: 1, columns: 33, stride: 33)
        let zeros = [Float](repeating: 0, count: 33)
        kernels.table.rms_norm(zeros, 33, [Float](repeating: 2, count: 33), 1e-6, 33, out.base, 33, 0, 1)
        #expect(out.values == zeros)
    }

    @Test(arguments: KernelSet.all, headSizes) func rotary(kernels: KernelSet, size: Int) {
        var generator = SplitMix(state: 3)
        for (heads, keyValueHeads) in [(1, 1), (4, 2), (3, 3), (6, 1)] {
            for hasTable in [true, false] {
                for hasCache in [true, false] {
                    checkRotary(kernels.table, heads, keyValueHeads, size, hasTable, hasCache, &generator)
                }
            }
        }
    }

    private func checkRotary(
        _ table: mynah_kernels, _ heads: Int, _ keyValueHeads: Int, _ size: Int, _ hasTable: Bool, _ hasCache: Bool,
        _ generator: inout SplitMix
    ) {
        let rows = 5
        let half = size / 2
        let width = (heads + 2 * keyValueHeads) * size
        let cacheWidth = keyValueHeads * size
        let values = generator.floats(rows * width)
        let angles = generator.floats(9 * half, in: -3...3)
        let (cosines, sines) = (angles.map { Float(cos(Double($0))) }, angles.map { Float(sin(Double($0))) })
        let positions: [Int32] = [0, 8, 3, 3, 1]
        let slots: [Int32] = [6, 0, 2, 5, 3]
        let qkv = GuardedRows(rows: rows, columns: width, stride: width + 3, values: values)
        let keys = GuardedRows(rows: 7, columns: cacheWidth, stride: cacheWidth)
        let cached = GuardedRows(rows: 7, columns: cacheWidth, stride: cacheWidth)
        var call = mynah_rotary()
        call.qkv = qkv.base
        call.qkv_stride = qkv.stride
        call.k_cache = hasCache ? keys.base : nil
        call.v_cache = hasCache ? cached.base : nil
        call.heads = heads
        call.kv_heads = keyValueHeads
        call.head_size = size
        cosines.withUnsafeBufferPointer { cosines in
            sines.withUnsafeBufferPointer { sines in
                positions.withUnsafeBufferPointer { positions in
                    slots.withUnsafeBufferPointer { slots in
                        call.cosines = hasTable ? cosines.baseAddress : nil
                        call.sines = hasTable ? sines.baseAddress : nil
                        call.positions = positions.baseAddress
                        call.slots = slots.baseAddress
                        table.rotary(&call, 0, 2)
                        table.rotary(&call, 2, rows)
                    }
                }
            }
        }
        for row in 0..<rows {
            var expected = values[row * width..<(row + 1) * width].map(Double.init)
            if hasTable {
                for head in 0..<heads + keyValueHeads {
                    for i in 0..<half {
                        let angle = Int(positions[row]) * half + i
                        let (c, s) = (Double(cosines[angle]), Double(sines[angle]))
                        let (low, high) = (expected[head * size + i], expected[head * size + half + i])
                        expected[head * size + i] = low * c - high * s
                        expected[head * size + half + i] = high * c + low * s
                    }
                }
            }
            #expect(worstError(qkv.row(row), expected) < 1e-6)
            if hasCache {
                let slot = Int(slots[row])
                let actual = Array(qkv.row(row))
                #expect(Array(keys.row(slot)) == Array(actual[heads * size..<heads * size + cacheWidth]))
                #expect(Array(cached.row(slot)) == Array(actual[heads * size + cacheWidth..<width]))
            }
        }
        // Slots 1 and 4 belong to nobody here.
        for slot in hasCache ? [1, 4] : Array(0..<7) {
            #expect(keys.row(slot).allSatisfy { $0 == GuardedRows.sentinel })
            #expect(cached.row(slot).allSatisfy { $0 == GuardedRows.sentinel })
        }
    }

    @Test(arguments: KernelSet.all, headSizes) func attention(kernels: KernelSet, size: Int) {
        var generator = SplitMix(state: 4)
        let begins: [Int32] = [0, 3, 0, 39, 7]
        let ends: [Int32] = [1, 20, 40, 40, 23]
        for (heads, keyValueHeads) in [(1, 1), (4, 2), (3, 3), (6, 1)] {
            let (width, cacheWidth) = (heads * size, keyValueHeads * size)
            let queries = generator.floats(5 * width, in: -2...2)
            let keyValues = generator.floats(40 * cacheWidth, in: -2...2)
            let valueValues = generator.floats(40 * cacheWidth)
            let q = GuardedRows(rows: 5, columns: width, stride: width + 5, values: queries)
            let k = GuardedRows(rows: 40, columns: cacheWidth, stride: cacheWidth + 1, values: keyValues)
            let v = GuardedRows(rows: 40, columns: cacheWidth, stride: cacheWidth + 2, values: valueValues)
            let out = GuardedRows(rows: 5, columns: width, stride: width + 4)
            let scores = GuardedRows(rows: 1, columns: heads / keyValueHeads * 40, stride: heads / keyValueHeads * 40)
            var call = mynah_attention()
            call.q = UnsafePointer(q.base)
            call.q_stride = q.stride
            call.k = UnsafePointer(k.base)
            call.k_stride = k.stride
            call.v = UnsafePointer(v.base)
            call.v_stride = v.stride
            call.out = out.base
            call.out_stride = out.stride
            call.heads = heads
            call.kv_heads = keyValueHeads
            call.head_size = size
            begins.withUnsafeBufferPointer { begins in
                ends.withUnsafeBufferPointer { ends in
                    call.span_begin = begins.baseAddress
                    call.span_end = ends.baseAddress
                    let items = 5 * keyValueHeads
                    kernels.table.attention(&call, scores.base, 0, items / 2)
                    kernels.table.attention(&call, scores.base, items / 2, items)
                }
            }
            #expect(out.isUntouchedOutside() && scores.isUntouchedOutside())
            for row in 0..<5 {
                var expected: [Double] = []
                for head in 0..<heads {
                    let first = row * width + head * size
                    expected += Self.plainAttention(
                        queries[first..<first + size], keyValues, valueValues, span: Int(begins[row])..<Int(ends[row]),
                        width: cacheWidth, offset: head / (heads / keyValueHeads) * size)
                }
                #expect(
                    worstError(out.row(row), expected) < 2e-6, "\(heads) heads, \(keyValueHeads) of keys, row \(row)")
            }
        }
    }

    private static func plainAttention(
        _ query: ArraySlice<Float>, _ keys: [Float], _ values: [Float], span: Range<Int>, width: Int, offset: Int
    ) -> [Double] {
        let query = query.map(Double.init)
        let size = query.count
        var scores: [Double] = []
        for t in span {
            var sum = 0.0
            for i in 0..<size { sum += query[i] * Double(keys[t * width + offset + i]) }
            scores.append(sum / Double(size).squareRoot())
        }
        let highest = scores.max() ?? 0
        let weights = scores.map { exp($0 - highest) }
        let total = weights.reduce(0, +)
        var result = [Double](repeating: 0, count: size)
        for (weight, t) in zip(weights, span) {
            for i in 0..<size { result[i] += weight / total * Double(values[t * width + offset + i]) }
        }
        return result
    }

    /// Scores far apart: the softmax neither overflows nor divides by zero.
    @Test(arguments: KernelSet.all) func attentionOfLargeScores(kernels: KernelSet) {
        let size = 8
        var q = [Float](repeating: 0, count: size)
        q[0] = 1000
        var keys = [Float](repeating: 0, count: 20 * size)
        for t in 0..<20 { keys[t * size] = Float(t) * (t % 2 == 0 ? 50 : -50) }
        let values = (0..<20 * size).map { Float($0 / size) }
        let out = GuardedRows(rows: 1, columns: size, stride: size)
        var scores = [Float](repeating: 0, count: 20)
        let (begin, end): ([Int32], [Int32]) = ([0], [20])
        q.withUnsafeBufferPointer { q in
            keys.withUnsafeBufferPointer { keys in
                values.withUnsafeBufferPointer { values in
                    begin.withUnsafeBufferPointer { begin in
                        end.withUnsafeBufferPointer { end in
                            var call = mynah_attention(
                                q: q.baseAddress, q_stride: size, k: keys.baseAddress, k_stride: size,
                                v: values.baseAddress, v_stride: size, out: out.base, out_stride: size,
                                span_begin: begin.baseAddress, span_end: end.baseAddress, heads: 1, kv_heads: 1,
                                head_size: size)
                            kernels.table.attention(&call, &scores, 0, 1)
                        }
                    }
                }
            }
        }
        #expect(out.values.allSatisfy { abs($0 - 18) < 1e-4 })
    }
}
