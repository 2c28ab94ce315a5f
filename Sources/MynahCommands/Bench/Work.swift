import Compute

/// How much a stage must compute and read.
struct Work: Equatable {
    /// Multiplications and additions of floats.
    var flops = 0.0
    /// Multiplications and additions of 8-bit integers.
    var int8Operations = 0.0
    /// Bytes of weights, keys and values.
    var bytes = 0.0

    /// Both kinds of arithmetic.
    var operations: Double { flops + int8Operations }

    static func + (left: Work, right: Work) -> Work {
        Work(
            flops: left.flops + right.flops, int8Operations: left.int8Operations + right.int8Operations,
            bytes: left.bytes + right.bytes)
    }

    static func * (left: Work, factor: Int) -> Work {
        Work(
            flops: left.flops * Double(factor), int8Operations: left.int8Operations * Double(factor),
            bytes: left.bytes * Double(factor))
    }

    /// What keeps a machine busy longest.
    enum Bound: String, Codable { case arithmetic, memory }

    /// The least seconds that a machine needs, and what for.
    func floor(on machine: MachineProbe) -> (seconds: Double, bound: Bound) {
        let arithmetic = (flops / machine.gigaflops + int8Operations / machine.int8GigaopsPerSecond) * 1e-9
        let memory = bytes / machine.gigabytesPerSecond * 1e-9
        return arithmetic >= memory ? (arithmetic, .arithmetic) : (memory, .memory)
    }
}
