import Compute

/// Where the history of one convolution lies in a ``ConvolutionHistory``.
struct HistorySlot {
    /// The slot's number.
    let index: Int
    /// Floats before its first row.
    let offset: Int
    /// The most rows that it holds.
    let rows: Int
    let channels: Int
}

/// Lays out the histories of all convolutions of an encoder or a decoder.
struct HistoryLayout {
    private(set) var slots: [HistorySlot] = []
    /// Rows of zeros that a slot begins with.
    private(set) var initialRows: [Int] = []
    private(set) var floatCount = 0

    /// Room for `rows` rows of `channels`.
    ///
    /// - Parameter initialRows: How many rows of zeros stand before the first sample; all of them where nil.
    mutating func reserve(rows: Int, channels: Int, initialRows: Int? = nil) -> HistorySlot {
        let slot = HistorySlot(index: slots.count, offset: floatCount, rows: rows, channels: channels)
        slots.append(slot)
        self.initialRows.append(initialRows ?? rows)
        floatCount += rows * channels
        return slot
    }
}

/// The last rows that every convolution of one sequence has read: all that it takes to go on where a chunk ended.
///
/// A history belongs to one state, and one thread at a time uses a state. It is laid out twice: while a chunk reads one
/// half, what the next chunk needs may be written to the other (``turn()``).
final class ConvolutionHistory {
    private let layout: HistoryLayout
    let storage: Storage
    private var counts: [Int]
    /// Which half has the rows before the chunk, 0 or 1.
    private(set) var half = 0

    init(_ layout: HistoryLayout) {
        self.layout = layout
        storage = Storage(count: 2 * layout.floatCount)
        counts = layout.initialRows
    }

    /// Ends a chunk, which has read one half and written the other in every slot.
    func turn() { half = 1 - half }

    /// All rows of a slot, and where those of the next chunk go.
    func halves(_ slot: HistorySlot) -> (kept: Matrix, next: Matrix) {
        precondition(counts[slot.index] == slot.rows, "a history that is not full")
        return (rows(slot, slot.rows), rows(slot, slot.rows, half: 1 - half))
    }

    /// Back to the silence before the first sample.
    func reset() {
        Matrix(storage: storage, rows: 1, columns: storage.count).fill(0)
        half = 0
        for index in counts.indices { counts[index] = layout.initialRows[index] }
    }

    /// Rows that the slot holds now.
    func count(_ slot: HistorySlot) -> Int { counts[slot.index] }

    /// Copies the slot's rows to the first rows of `buffer`.
    func load(_ slot: HistorySlot, into buffer: Matrix, on backend: any Backend) {
        let count = counts[slot.index]
        backend.copy(rows(slot, count), into: buffer.prefix(count))
    }

    /// Keeps the last `count` rows of `buffer` for the next chunk.
    func save(_ slot: HistorySlot, from buffer: Matrix, count: Int, on backend: any Backend) {
        precondition(count <= slot.rows && count <= buffer.rows, "\(count) rows into a history of \(slot.rows)")
        backend.copy(buffer[rows: buffer.rows - count..<buffer.rows], into: rows(slot, count, half: 1 - half))
        counts[slot.index] = count
    }

    private func rows(_ slot: HistorySlot, _ count: Int, half: Int? = nil) -> Matrix {
        let offset = (half ?? self.half) * layout.floatCount + slot.offset
        return Matrix(storage: storage, offset: offset, rows: count, columns: slot.channels)
    }
}
