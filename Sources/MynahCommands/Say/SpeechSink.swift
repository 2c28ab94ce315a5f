import AudioIO

/// Where speech goes: into a file or a stream, to the loudspeaker, or both.
final class SpeechSink {
    private let writer: AudioWriter?
    private let player: AudioPlayer?
    /// Samples taken so far.
    private(set) var sampleCount = 0

    init(writer: AudioWriter?, player: AudioPlayer?) {
        self.writer = writer
        self.player = player
    }

    /// Takes samples.
    func append(_ samples: [Float]) throws {
        guard !samples.isEmpty else { return }
        try writer?.append(samples)
        try player?.append(samples)
        sampleCount += samples.count
    }

    /// Ends the speech: the file appears, the player plays to its end unless it is to be stopped.
    func finish(stoppingPlayer: Bool) throws -> AudioWriter.Summary? {
        let summary = try writer?.finish()
        if stoppingPlayer { player?.stop() } else { try player?.finish() }
        return summary
    }

    /// Gives up: no file appears.
    func abandon() {
        writer?.abandon()
        player?.stop()
    }
}
