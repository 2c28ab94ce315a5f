/// How patiently a hub is asked.
public struct HubSettings: Sendable {
    /// How often a file that broke off is taken up again, without any progress between.
    public var retries = 5
    /// The first wait before that; each further one is twice as long, up to ``longestWaitSeconds``.
    public var firstWaitSeconds: Double = 1
    public var longestWaitSeconds: Double = 60
    /// How long a connection may be silent.
    public var silenceSeconds: Int64 = 30
    /// What must stay free on the disk besides the model.
    public var spareBytes = 64 << 20

    public init() {}

    /// The wait before the retry of a number (from 1), or what the server asked for.
    func wait(before retry: Int, asked: Double?) -> Duration {
        var seconds = firstWaitSeconds
        for _ in 1..<max(retry, 1) { seconds = min(seconds * 2, longestWaitSeconds) }
        return .seconds(min(max(asked ?? seconds, 0), longestWaitSeconds))
    }
}
