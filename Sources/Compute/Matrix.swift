/// Memory of a backend, in 32-bit floats.
///
/// `@unchecked Sendable`: the storage itself is a fixed address; who may touch the floats, and when, is decided by the
/// one engine loop that owns it, and inside a parallel region by the disjoint shares of the members.
public final class Storage: @unchecked Sendable {
    /// The floats, where the CPU can reach them.
    public let host: UnsafeMutablePointer<Float>
    /// How many floats.
    public let count: Int

    private let memory: ZeroedMemory

    /// Allocates zeroed floats on a cache-line boundary, with a line to spare so that vector loads at the end stay
    /// inside.
    ///
    /// Large storages come from the system as pages that hold memory only once they are written to.
    public init(count: Int) {
        self.count = count
        let floats = max(count, 1) + 32
        memory = ZeroedMemory(byteCount: floats * MemoryLayout<Float>.stride, mappedFrom: Self.mappedFrom)
        host = memory.start.bindMemory(to: Float.self, capacity: floats)
    }

    /// Small ones are made and gone too often for the system.
    private static let mappedFrom = 1 << 20
}

/// A view of rows and columns of activations, row-major, in a backend's memory.
///
/// Rows may overlap (`rowStride < columns`): a causal convolution reads its window as one long row.
public struct Matrix: Sendable {
    public let storage: Storage
    /// Floats before the first element.
    public let offset: Int
    public let rows: Int
    public let columns: Int
    /// Floats from one row to the next.
    public let rowStride: Int

    public init(storage: Storage, offset: Int = 0, rows: Int, columns: Int, rowStride: Int? = nil) {
        self.storage = storage
        self.offset = offset
        self.rows = rows
        self.columns = columns
        self.rowStride = rowStride ?? columns
        precondition(
            offset >= 0 && (rows == 0 || offset + (rows - 1) * self.rowStride + columns <= storage.count),
            "a view of \(rows) x \(columns) at \(offset) leaves its storage of \(storage.count)")
    }

    /// Allocates a matrix of zeros.
    public init(rows: Int, columns: Int) {
        self.init(storage: Storage(count: rows * columns), rows: rows, columns: columns)
    }

    /// Allocates a matrix with these values, row by row.
    public init(rows: Int, columns: Int, values: [Float]) {
        precondition(values.count == rows * columns, "\(values.count) values for \(rows) x \(columns)")
        self.init(rows: rows, columns: columns)
        write(values)
    }

    /// The address of the first element.
    public var base: UnsafeMutablePointer<Float> { storage.host + offset }

    /// The first `count` rows.
    public func prefix(_ count: Int) -> Matrix { self[rows: 0..<count] }

    /// Some of the rows.
    public subscript(rows range: Range<Int>) -> Matrix {
        Matrix(
            storage: storage, offset: offset + range.lowerBound * rowStride, rows: range.count, columns: columns,
            rowStride: rowStride)
    }

    /// Some of the columns of every row.
    public subscript(columns range: Range<Int>) -> Matrix {
        Matrix(
            storage: storage, offset: offset + range.lowerBound, rows: rows, columns: range.count,
            rowStride: rowStride)
    }

    /// The values, row by row.
    public func values() -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(rows * columns)
        for row in 0..<rows {
            result.append(contentsOf: UnsafeBufferPointer(start: base + row * rowStride, count: columns))
        }
        return result
    }

    /// Replaces the values, row by row.
    public func write(_ values: some Collection<Float>) {
        precondition(values.count == rows * columns, "\(values.count) values for \(rows) x \(columns)")
        var next = values.startIndex
        for row in 0..<rows {
            let end = values.index(next, offsetBy: columns)
            _ = UnsafeMutableBufferPointer(start: base + row * rowStride, count: columns).update(
                from: values[next..<end])
            next = end
        }
    }

    /// Replaces the values by those of a matrix of the same shape.
    public func copy(from other: Matrix) {
        precondition(rows == other.rows && columns == other.columns, "a copy between shapes")
        for row in 0..<rows {
            (base + row * rowStride).update(from: other.base + row * other.rowStride, count: columns)
        }
    }

    /// Exchanges the values of two ranges of rows that do not overlap.
    public func exchangeRows(_ first: Range<Int>, _ second: Range<Int>) {
        precondition(first.count == second.count && !first.overlaps(second), "rows that cannot be exchanged")
        for (row, other) in zip(first, second) {
            let values = base + row * rowStride
            let others = base + other * rowStride
            for column in 0..<columns { swap(&values[column], &others[column]) }
        }
    }

    /// Sets every value.
    public func fill(_ value: Float) {
        for row in 0..<rows { (base + row * rowStride).update(repeating: value, count: columns) }
    }
}
