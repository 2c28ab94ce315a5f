/// Inputs that once made a parser misbehave, or nearly did. Every test run reads them all.
enum FuzzCorpus {
    static let inputs: [(parser: FuzzTests.Parser, why: String, bytes: [UInt8])] = [
        (
            .pickle, "a tensor without elements whose other sizes overflow when multiplied",
            Pickle.file(
                Pickle.dictionary([
                    (
                        "w",
                        Pickle.tensor(
                            Pickle.storage(count: 6), shape: [0, 1 << 62, 1 << 62], strides: [1, 1 << 62, 1])
                    )
                ]))
        ),
        (
            .pickle, "a stride that overflows when it is added once, of a dimension that never moves",
            Pickle.file(
                Pickle.dictionary([
                    ("w", Pickle.tensor(Pickle.storage(count: 6), shape: [1, 2, 1], strides: [.max, 3, .max]))
                ]))
        ),
    ]
}
