/// Seconds spent in each stage of a generation. Where two stages run at the same time, each counts the share of the
/// threads that it had, so that the stages add up to the whole.
public struct StageTimings: Sendable, Equatable {
    /// A stage of the engine.
    public enum Stage: String, Sendable, CaseIterable {
        case prefill
        case languageModel = "lm"
        case localEncoder = "local_encoder"
        case diffusion
        case vaeEncode = "vae_encode"
        case vaeDecode = "vae_decode"
    }

    private var seconds: [Double] = Array(repeating: 0, count: Stage.allCases.count)

    public init() {}

    public subscript(stage: Stage) -> Double {
        get { seconds[Self.index(stage)] }
        set { seconds[Self.index(stage)] = newValue }
    }

    /// The sum over all stages.
    public var total: Double { seconds.reduce(0, +) }

    /// The seconds since an earlier reading.
    static func - (now: StageTimings, earlier: StageTimings) -> StageTimings {
        var result = now
        for stage in Stage.allCases { result[stage] -= earlier[stage] }
        return result
    }

    /// Adds the seconds of what ran before or after.
    public static func += (timings: inout StageTimings, other: StageTimings) {
        for stage in Stage.allCases { timings[stage] += other[stage] }
    }

    /// Adds two chains of stages that ran at the same time: `other` on one of so many threads, this on the rest, and what
    /// lasted longer on all of them in the end.
    mutating func addTogether(_ chain: StageTimings, _ other: StageTimings, threads: Int) {
        let together = min(chain.total, other.total)
        for (stages, members) in [(chain, threads - 1), (other, 1)] where stages.total > 0 {
            let counted = stages.total - together * Double(threads - members) / Double(threads)
            for stage in Stage.allCases { self[stage] += stages[stage] * counted / stages.total }
        }
    }

    /// Runs `body` and adds its wall time to a stage.
    mutating func measure<R>(_ stage: Stage, _ body: () throws -> R) rethrows -> R {
        let clock = ContinuousClock()
        let start = clock.now
        defer {
            let (whole, attoseconds) = (clock.now - start).components
            self[stage] += Double(whole) + Double(attoseconds) * 1e-18
        }
        return try body()
    }

    private static func index(_ stage: Stage) -> Int {
        switch stage {
        case .prefill: 0
        case .languageModel: 1
        case .localEncoder: 2
        case .diffusion: 3
        case .vaeEncode: 4
        case .vaeDecode: 5
        }
    }
}
