import ModelHub
import Synchronization

/// The progress line of a download.
final class DownloadLine: Sendable {
    private struct State {
        let line = ProgressLine(expectedSeconds: 0)
        /// When something first came, and what was there then.
        var start: (seconds: Double, bytes: Int)?
        var shown = -Double.infinity
    }

    private let state = Mutex(State())

    /// Shows how far it is, some times a second.
    func update(_ progress: DownloadProgress) {
        state.withLock { state in
            let now = state.line.elapsed
            let start = state.start ?? (now, progress.bytesDone)
            state.start = start
            guard now - state.shown >= 0.2 || progress.bytesDone == progress.bytesTotal else { return }
            state.shown = now
            let rate = now > start.seconds ? Double(progress.bytesDone - start.bytes) / (now - start.seconds) : 0
            let left = rate > 0 ? Figures.wait(Double(progress.bytesTotal - progress.bytesDone) / rate) : "?"
            state.line.show(
                "\(progress.file): \(Figures.bytes(progress.bytesDone)) of \(Figures.bytes(progress.bytesTotal)), "
                    + "\(Figures.bytes(Int(rate)))/s, \(left) left")
        }
    }

    func clear() { state.withLock { $0.line.clear() } }
}
