/// What one Euler step of flow matching starts with: the noisy patches move as the step before says, are projected, and
/// the groups of rows that the diffusion transformer sees are laid out, two for each sequence: `[first + time]`
/// (`[time]` in the free one), `[condition]`, `[noisy patch]`.
public struct FlowEntry {
    /// How the step before moves a patch: classifier-free guidance and one Euler step, see
    /// ``Backend/guide(_:guided:free:cfg:zeroStar:delta:)``.
    public struct Guidance {
        public let guided: Matrix
        public let free: Matrix
        public let cfg: Float
        public let zeroStar: Bool
        public let delta: Float

        public init(guided: Matrix, free: Matrix, cfg: Float, zeroStar: Bool, delta: Float) {
            self.guided = guided
            self.free = free
            self.cfg = cfg
            self.zeroStar = zeroStar
            self.delta = delta
        }
    }

    /// What is a sequence's own.
    public struct Sequence {
        /// `[1, hiddenSize]`, the language models' state.
        public let first: Matrix
        /// `[1, hiddenSize]`, the time's embedding.
        public let time: Matrix
        /// Nil in the first step; then it is nil for all.
        public let guidance: Guidance?

        public init(first: Matrix, time: Matrix, guidance: Guidance?) {
            self.first = first
            self.time = time
            self.guidance = guidance
        }
    }

    /// `[sequences * patchSize, latentSize]`: the patches as they were.
    public let noisy: Matrix
    /// The same shape: the patches after guidance. Not written where there is none.
    public let moved: Matrix
    /// `[sequences * patchSize, hiddenSize]`: the projected patches before.
    public let condition: Matrix
    /// Latents to `hiddenSize`.
    public let projection: LinearWeight
    /// `[sequences * patchSize, hiddenSize]`, for the projected noisy patches; only some backends need it.
    public let projected: Matrix
    /// `[2 * sequences * (1 + 2 * patchSize), hiddenSize]`.
    public let hidden: Matrix
    public let sequences: [Sequence]

    public init(
        noisy: Matrix, moved: Matrix, condition: Matrix, projection: LinearWeight, projected: Matrix, hidden: Matrix,
        sequences: [Sequence]
    ) {
        self.noisy = noisy
        self.moved = moved
        self.condition = condition
        self.projection = projection
        self.projected = projected
        self.hidden = hidden
        self.sequences = sequences
    }

    /// Latents of a patch.
    public var patchSize: Int { noisy.rows / sequences.count }

    /// Rows of one group.
    public var groupSize: Int { 1 + 2 * patchSize }

    /// The rows of a sequence's patch.
    public func patch(_ index: Int) -> Range<Int> { index * patchSize..<(index + 1) * patchSize }
}

extension Backend {
    public func enter(_ entry: FlowEntry) { enterStepByStep(entry) }

    /// ``enter(_:)`` made of other steps.
    public func enterStepByStep(_ entry: FlowEntry) {
        var noisy = entry.noisy
        if entry.sequences.contains(where: { $0.guidance != nil }) {
            copy(entry.noisy, into: entry.moved)
            noisy = entry.moved
            for (index, sequence) in entry.sequences.enumerated() {
                guard let guidance = sequence.guidance else { continue }
                guide(
                    noisy[rows: entry.patch(index)], guided: guidance.guided, free: guidance.free, cfg: guidance.cfg,
                    zeroStar: guidance.zeroStar, delta: guidance.delta)
            }
        }
        linear(noisy, norm: nil, entry.projection, into: entry.projected, .store)
        let size = entry.patchSize
        for (index, sequence) in entry.sequences.enumerated() {
            for group in [2 * index, 2 * index + 1] {
                let start = group * entry.groupSize
                let first = entry.hidden[rows: start..<start + 1]
                if group % 2 == 0 {
                    add(sequence.first, sequence.time, into: first)
                } else {
                    copy(sequence.time, into: first)
                }
                copy(
                    entry.condition[rows: entry.patch(index)],
                    into: entry.hidden[rows: start + 1..<start + 1 + size])
                copy(
                    entry.projected[rows: entry.patch(index)],
                    into: entry.hidden[rows: start + 1 + size..<start + entry.groupSize])
            }
        }
    }
}
