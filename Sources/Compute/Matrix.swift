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

    /// The floats of the storage from the first element to the last, what lies between the rows included.
    private var extent: Range<Int> { offset..<offset + (rows == 0 ? 0 : (rows - 1) * rowStride + columns) }

    /// The address of the first element, to read and to write.
    public var base: UnsafeMutablePointer<Float> {
        storage.mirror?.prepareToWrite(extent, replacesAll: false)
        return storage.host + offset
    }

    /// The address of the first element, to read only.
    public var readable: UnsafePointer<Float> {
        storage.mirror?.prepareToRead(extent)
        return UnsafePointer(storage.host + offset)
    }

    /// The address of the first element, for those who replace all elements and read none.
    public var replaceable: UnsafeMutablePointer<Float> {
        storage.mirror?.prepareToWrite(extent, replacesAll: rowStride == columns)
        return storage.host + offset
    }

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
        let base = readable
        for row in 0..<rows {
            result.append(contentsOf: UnsafeBufferPointer(start: base + row * rowStride, count: columns))
        }
        return result
    }

    /// Replaces the values, row by row.
    public func write(_ values: some Collection<Float>) {
        precondition(values.count == rows * columns, "\(values.count) values for \(rows) x \(columns)")
        let base = replaceable
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
        let source = other.readable
        let target = replaceable
        for row in 0..<rows {
            (target + row * rowStride).update(from: source + row * other.rowStride, count: columns)
        }
    }

    /// Exchanges the values of two ranges of rows that do not overlap.
    public func exchangeRows(_ first: Range<Int>, _ second: Range<Int>) {
        precondition(first.count == second.count && !first.overlaps(second), "rows that cannot be exchanged")
        let values = self[rows: first].base
        let others = self[rows: second].base
        for row in 0..<first.count {
            let values = values + row * rowStride
            let others = others + row * rowStride
            for column in 0..<columns { swap(&values[column], &others[column]) }
        }
    }

    /// Sets every value.
    public func fill(_ value: Float) {
        let base = replaceable
        for row in 0..<rows { (base + row * rowStride).update(repeating: value, count: columns) }
    }
}
