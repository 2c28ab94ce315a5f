/// Cuts silence from the head and the tail of a recording.
public struct SilenceTrimmer: Sendable {
    /// What lies this far below the loudest 20 ms counts as silence, in dB.
    public var depthDecibels: Double
    /// What lies below this always counts as silence, in dB relative to full scale.
    public var floorDecibels: Double
    /// Silence left standing at both ends, in seconds.
    public var keptSeconds: Double

    private static let frameSeconds = 0.02

    public init(depthDecibels: Double = 40, floorDecibels: Double = -60, keptSeconds: Double = 0.1) {
        self.depthDecibels = depthDecibels
        self.floorDecibels = floorDecibels
        self.keptSeconds = keptSeconds
    }

    /// The part of `audio` to keep; empty where all of it is silence.
    public func trim(_ audio: MonoAudio) -> MonoAudio {
        var trimmed = audio
        trimmed.samples = kept(of: audio).map { Array(audio.samples[$0]) } ?? []
        return trimmed
    }

    /// Where the part to keep begins and ends, in seconds; nil where all of it is silence.
    public func trimmedSeconds(of audio: MonoAudio) -> Range<Double>? {
        let rate = Double(audio.sampleRateHz)
        return kept(of: audio).map { Double($0.lowerBound) / rate..<Double($0.upperBound) / rate }
    }

    private func kept(of audio: MonoAudio) -> Range<Int>? {
        guard let sound = soundingSamples(of: audio) else { return nil }
        let kept = Int(max(0, keptSeconds) * Double(audio.sampleRateHz))
        return max(0, sound.lowerBound - kept)..<min(audio.samples.count, sound.upperBound + kept)
    }

    /// From the first sounding sample to behind the last, to whole frames; nil for silence.
    func soundingSamples(of audio: MonoAudio) -> Range<Int>? {
        let frames = Level.frames(of: audio, frameSeconds: Self.frameSeconds).map(\.rmsDecibels)
        guard let loudest = frames.max() else { return nil }
        let threshold = max(floorDecibels, loudest - depthDecibels)
        guard let first = frames.firstIndex(where: { $0 > threshold }),
            let last = frames.lastIndex(where: { $0 > threshold })
        else { return nil }
        let length = max(1, Int(Self.frameSeconds * Double(audio.sampleRateHz)))
        return first * length..<min(audio.samples.count, (last + 1) * length)
    }
}
