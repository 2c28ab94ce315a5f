import Compute

/// What a layer needs to process one chunk of one sequence.
struct ChunkContext {
    let backend: any Backend
    let workspace: ConvolutionWorkspace
    let history: ConvolutionHistory

    /// Lets `fill` write `rows` new rows behind the slot's history, lets `use` read them, and keeps the last rows as
    /// the history of the next chunk.
    func convolve(_ slot: HistorySlot, rows: Int, fill: (Matrix) -> Void, use: (Matrix) -> Void) {
        let buffer = workspace.window(rows: slot.rows + rows, columns: slot.channels)
        history.load(slot, into: buffer, on: backend)
        let fresh = buffer[rows: slot.rows..<slot.rows + rows]
        fill(fresh)
        use(fresh)
        history.save(slot, from: buffer, count: slot.rows, on: backend)
    }

    /// A chunk behind the slot's history, for steps that keep the history of the next chunk in its other half.
    func input(_ slot: HistorySlot, _ rows: Matrix, snake: SnakeWeight?) -> CausalInput {
        let (kept, next) = history.halves(slot)
        return CausalInput(
            rows: rows, snake: snake, kept: kept, next: next,
            window: workspace.window(rows: slot.rows + rows.rows, columns: slot.channels))
    }
}
