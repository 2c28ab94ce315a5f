import Compute

/// Scratch memory of the autoencoder, planned for the largest chunk and shared by all sequences: a chunk leaves nothing
/// in it but what its ``ConvolutionHistory`` took out.
///
/// Three buffers are enough for any depth. `stream` holds what flows from layer to layer, `window` a convolution's
/// input behind its history, and `sums` what a convolution gives inside a residual unit.
final class ConvolutionWorkspace: Sendable {
    private let streamFloats: Storage
    private let windowFloats: Storage
    private let sumFloats: Storage
    private let size: WorkspaceSize

    init(_ size: WorkspaceSize) {
        self.size = size
        streamFloats = Storage(count: size.stream)
        windowFloats = Storage(count: size.window)
        sumFloats = Storage(count: size.sums)
    }

    /// Whether chunks of that size fit.
    func holds(_ other: WorkspaceSize) -> Bool {
        size.stream >= other.stream && size.window >= other.window && size.sums >= other.sums
    }

    func stream(rows: Int, columns: Int) -> Matrix { Matrix(storage: streamFloats, rows: rows, columns: columns) }
    func window(rows: Int, columns: Int) -> Matrix { Matrix(storage: windowFloats, rows: rows, columns: columns) }
    func sums(rows: Int, columns: Int) -> Matrix { Matrix(storage: sumFloats, rows: rows, columns: columns) }
}

/// Floats in each buffer of a ``ConvolutionWorkspace``.
struct WorkspaceSize {
    var stream = 0
    var window = 0
    var sums = 0

    /// Room for `rows` rows of a stream of `channels`.
    mutating func addStream(rows: Int, channels: Int) { stream = max(stream, rows * channels) }

    /// Room for a convolution over `rows` rows of `channels` behind `history` rows.
    mutating func addWindow(rows: Int, channels: Int, history: Int) {
        window = max(window, (rows + history) * channels)
        sums = max(sums, rows * channels)
    }
}
