import AudioIO

/// What is told when the speech is over.
struct SpeechReport {
    let destination: OutputOptions.Destination
    /// Seconds of speech.
    let seconds: Double
    /// Seconds that it took.
    let elapsed: Double
    let firstAudio: Double?
    let seed: UInt64
    let summary: AudioWriter.Summary?
    let wasCut: Bool
    let wasCancelled: Bool

    /// One line, and one more for each thing that somebody should know.
    var text: String {
        var figures = ["\(Figures.seconds(seconds)) s of speech"]
        if seconds > 0 { figures.append("RTF \(Figures.ratio(elapsed / seconds))") }
        if let firstAudio { figures.append("first audio after \(Figures.seconds(firstAudio)) s") }
        figures.append("seed \(seed)")
        let place: String =
            switch destination {
            case .nowhere: "played"
            case .standardOutput: "standard output"
            case .file(let path): path
            }
        var lines = ["\(place): \(figures.joined(separator: ", "))"]
        if wasCancelled { lines.append("Note: interrupted; what was spoken so far is kept.") }
        if wasCut { lines.append("Note: stopped by --max-seconds before the text was over.") }
        if let summary, summary.clippedSamples > 0 {
            lines.append("Note: \(summary.clippedSamples) samples were louder than full scale and were held at it.")
        }
        return lines.joined(separator: "\n")
    }
}
