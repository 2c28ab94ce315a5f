import CKernels
import Compute
import Foundation
import Testing

/// The kernels of one instruction set that this machine runs.
struct KernelSet: Sendable, CustomTestStringConvertible {
    let name: String
    var table: mynah_kernels { mynah_kernels_for(name).pointee }
    var testDescription: String { name }

    /// All that this machine runs.
    static let all = InstructionSet.available.map { Self(name: $0.name) }
}

/// Teams that must all give the same bits: alone, one for each core, an odd one, more than there are cores.
let teamSizes = [1, 2, 3, 8]

/// A small generator with a seed, so that a failing test fails again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        // One multiplication for each: debug builds fill large arrays often.
        let width = (range.upperBound - range.lowerBound) / Float(1 << 24)
        return (0..<count).map { _ in range.lowerBound + Float(next() >> 40) * width }
    }
}

/// Rows in memory that is guarded on all sides: by a sentinel where a kernel writes, by NaN where it reads, so that
/// whatever it takes from outside spoils its result.
final class GuardedRows {
    static let sentinel: Float = -12345.678
    let rows: Int
    let columns: Int
    let stride: Int
    private let guardValue: Float
    private let all: UnsafeMutableBufferPointer<Float>
    private static let margin = 80

    /// - Parameter stride: Floats from row to row, at least `columns`.
    init(rows: Int, columns: Int, stride: Int, values: [Float]? = nil) {
        self.rows = rows
        self.columns = columns
        self.stride = stride
        guardValue = values == nil ? Self.sentinel : .nan
        all = .allocate(capacity: rows * stride + 2 * Self.margin)
        all.initialize(repeating: guardValue)
        if let values {
            values.withUnsafeBufferPointer { values in
                for row in 0..<rows {
                    (base + row * stride).update(from: values.baseAddress! + row * columns, count: columns)
                }
            }
        }
    }

    deinit { all.deallocate() }

    var base: UnsafeMutablePointer<Float> { all.baseAddress! + Self.margin }

    func row(_ row: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: base + row * stride, count: columns)
    }

    var values: [Float] { (0..<rows).flatMap { Array(row($0)) } }

    /// Sets everything to the guard value again.
    func clear() { all.update(repeating: guardValue) }

    /// Whether only `[0, rows) x [0, columns)` was written, `rows` being those given or all.
    func isUntouchedOutside(rows written: Range<Int>? = nil) -> Bool {
        let written = written ?? 0..<rows
        func isClean(_ range: Range<Int>) -> Bool {
            for index in range where all[index].bitPattern != guardValue.bitPattern { return false }
            return true
        }
        let first = Self.margin + written.lowerBound * stride
        let last = Self.margin + written.upperBound * stride
        guard isClean(0..<first), isClean(last..<all.count) else { return false }
        if stride > columns {
            for row in written where !isClean(Self.margin + row * stride + columns..<Self.margin + (row + 1) * stride) {
                return false
            }
        }
        return true
    }

    /// Whether a row has the same bits as a row of another matrix.
    func row(_ index: Int, equals other: GuardedRows, row otherRow: Int) -> Bool {
        memcmp(base + index * stride, other.base + otherRow * other.stride, columns * 4) == 0
    }
}

/// The largest of `|actual - expected| / max(1, |expected|)`; infinite where one is not a number.
func worstError(_ actual: some Collection<Float>, _ expected: some Collection<Double>) -> Double {
    guard actual.count == expected.count else { return .infinity }
    var worst = 0.0
    for (a, e) in zip(actual, expected) {
        let error = abs(Double(a) - e) / max(1, abs(e))
        if error.isNaN { return .infinity }
        worst = max(worst, error)
    }
    return worst
}
