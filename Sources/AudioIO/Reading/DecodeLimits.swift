/// What a decoder accepts from a file that nobody vouches for.
///
/// Lengths are counted on decoded sound, so that a tiny file that unpacks to
/// hours of silence stops at the limit.
public struct DecodeLimits: Sendable, Equatable {
    /// Longest decoded sound, in seconds.
    public var maxSeconds: Double
    /// Most channels in the file.
    public var maxChannels: Int
    /// Sample rates in Hz that a file may have.
    public var sampleRatesHz: ClosedRange<Int>
    /// Most bytes taken from memory, a pipe or standard input.
    public var maxBytes: Int

    public init(
        maxSeconds: Double, maxChannels: Int = 8, sampleRatesHz: ClosedRange<Int> = 4_000...384_000,
        maxBytes: Int = 256 << 20
    ) {
        self.maxSeconds = maxSeconds
        self.maxChannels = maxChannels
        self.sampleRatesHz = sampleRatesHz
        self.maxBytes = maxBytes
    }

    /// For a voice prompt: one minute at most.
    public static let prompt = DecodeLimits(maxSeconds: 60)
    /// For sound that is only measured or converted: an hour at most.
    public static let recording = DecodeLimits(maxSeconds: 3_600, maxBytes: 1 << 30)
}
