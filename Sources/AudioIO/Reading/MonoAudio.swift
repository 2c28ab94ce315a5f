/// One channel of sound in memory.
public struct MonoAudio: Sendable, Equatable {
    /// Samples, full scale being -1 ... 1.
    public var samples: [Float]
    /// Samples per second, in Hz.
    public var sampleRateHz: Int
    /// True where the file broke off or was damaged after these samples.
    public var wasCutShort: Bool

    public init(samples: [Float], sampleRateHz: Int, wasCutShort: Bool = false) {
        self.samples = samples
        self.sampleRateHz = sampleRateHz
        self.wasCutShort = wasCutShort
    }

    /// Length in seconds.
    public var durationSeconds: Double {
        sampleRateHz > 0 ? Double(samples.count) / Double(sampleRateHz) : 0
    }
}
