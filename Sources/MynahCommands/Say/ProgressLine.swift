/// A line on the terminal that tells how far the speech is. Writes nothing where nobody looks.
final class ProgressLine {
    private let expectedSeconds: Double
    private let isShown: Bool
    private let start = ContinuousClock.now
    private var hasLine = false
    /// When the first speech was there, in seconds since the start.
    private(set) var firstAudio: Double?

    init(expectedSeconds: Double, isShown: Bool = Console.isInteractive) {
        self.expectedSeconds = expectedSeconds
        self.isShown = isShown
    }

    /// Seconds since the start.
    var elapsed: Double { (ContinuousClock.now - start).inSeconds }

    /// Shows how many seconds of speech there are.
    func update(_ seconds: Double) {
        guard seconds > 0 else { return }
        if firstAudio == nil { firstAudio = elapsed }
        guard isShown else { return }
        let rtf = elapsed / seconds
        let total = max(expectedSeconds, seconds)
        let left = Figures.wait((total - seconds) * rtf)
        Console.show(
            "\r\u{1B}[K\(Figures.seconds(seconds)) s of about \(Figures.seconds(total)) s, "
                + "RTF \(Figures.ratio(rtf)), \(left) left")
        hasLine = true
    }

    /// Shows what is being done.
    func show(_ text: String) {
        guard isShown else { return }
        Console.show("\r\u{1B}[K\(text)")
        hasLine = true
    }

    /// Removes the line.
    func clear() {
        guard hasLine else { return }
        Console.show("\r\u{1B}[K")
        hasLine = false
    }
}

extension Duration {
    /// As a number of seconds.
    var inSeconds: Double {
        let (whole, attoseconds) = components
        return Double(whole) + Double(attoseconds) * 1e-18
    }
}
