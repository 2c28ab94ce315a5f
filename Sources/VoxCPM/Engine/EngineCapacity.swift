import Checkpoint

/// How much a ``PatchEngine`` is laid out for.
public struct EngineCapacity: Sendable, Equatable {
    /// Sequences that may run at once.
    public var sequences: Int
    /// Positions of each sequence: text tokens, one more, prompt patches and patches of speech.
    public var positions: Int

    public init(sequences: Int = 1, positions: Int) {
        self.sequences = sequences
        self.positions = positions
    }

    /// The most sequences that one engine takes; more rows than this make no step cheaper.
    public static let mostSequences = 64

    func validate(_ configuration: ModelConfiguration) throws(VoxCPMError) {
        if !(1...Self.mostSequences).contains(sequences) {
            throw .invalidParameter(
                "the number of sequences", value: "\(sequences)", expected: "1 to \(Self.mostSequences)")
        }
        if !(2...max(2, configuration.maxLength)).contains(positions) {
            throw .invalidParameter(
                "the context length", value: "\(positions)", expected: "2 to \(configuration.maxLength) positions")
        }
    }
}
