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
/// A history belongs to one state, and one thread at a time uses a state.
final class ConvolutionHistory {
    private let layout: HistoryLayout
    private let storage: Storage
    private var counts: [Int]

    init(_ layout: HistoryLayout) {
        self.layout = layout
        storage = Storage(count: layout.floatCount)
        counts = layout.initialRows
    }

    /// Back to the silence before the first sample.
    func reset() {
        Matrix(storage: storage, rows: 1, columns: storage.count).fill(0)
        for index in counts.indices { counts[index] = layout.initialRows[index] }
    }

    /// Rows that the slot holds now.
    func count(_ slot: HistorySlot) -> Int { counts[slot.index] }

    /// Copies the slot's rows to the first rows of `buffer`.
    func load(_ slot: HistorySlot, into buffer: Matrix, on backend: any Backend) {
        let count = counts[slot.index]
        backend.copy(rows(slot, count), into: buffer.prefix(count))
    }

    /// Keeps the last `count` rows of `buffer`.
    func save(_ slot: HistorySlot, from buffer: Matrix, count: Int, on backend: any Backend) {
        precondition(count <= slot.rows && count <= buffer.rows, "\(count) rows into a history of \(slot.rows)")
        backend.copy(buffer[rows: buffer.rows - count..<buffer.rows], into: rows(slot, count))
        counts[slot.index] = count
    }

    private func rows(_ slot: HistorySlot, _ count: Int) -> Matrix {
        Matrix(storage: storage, offset: slot.offset, rows: count, columns: slot.channels)
    }
}
