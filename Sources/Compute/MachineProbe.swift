/// What this machine reaches with this backend's own kernels: the yardstick of a benchmark.
public struct MachineProbe: Sendable, Equatable {
    /// Multiplications and additions of 32-bit floats, on data that stays near the cores, in 10^9 a second.
    public let gigaflops: Double
    /// The same of 8-bit integers.
    public let int8GigaopsPerSecond: Double
    /// Weights streamed from memory, in 10^9 bytes a second: the best of all number formats.
    public let gigabytesPerSecond: Double

    /// Measures for a fraction of a second. Needs 64 MiB of memory while it runs.
    public init(_ backend: CPUBackend) {
        let probe = Probe(backend: backend)
        gigaflops = probe.operations(.f32)
        int8GigaopsPerSecond = probe.operations(.int8)
        gigabytesPerSecond = max(probe.traffic(.f32), probe.traffic(.int8))
    }
}

/// Times linear layers of one size.
private struct Probe {
    let backend: CPUBackend

    /// A layer of 1024 x 1024 over 18 rows, the shape of the diffusion transformer's steps: 10^9 operations a second.
    func operations(_ precision: Precision) -> Double {
        let size = 1024
        let rows = 18
        let seconds = best(rounds: 400, rows: rows, inputs: size, outputs: size, precision)
        return 2 * Double(rows * size * size) / seconds * 1e-9
    }

    /// One row through 64 MiB of weights, more than a cache holds: 10^9 bytes a second.
    func traffic(_ precision: Precision) -> Double {
        let bytesPerWeight = precision == .f32 ? 4 : 1
        let inputs = 4096
        let outputs = (64 << 20) / inputs / bytesPerWeight
        let seconds = best(rounds: 5, rows: 1, inputs: inputs, outputs: outputs, precision)
        return Double(inputs * outputs * bytesPerWeight) / seconds * 1e-9
    }

    /// The shortest time of several rounds, in seconds.
    private func best(rounds: Int, rows: Int, inputs: Int, outputs: Int, _ precision: Precision) -> Double {
        // All outputs share one row of weights: only their place in memory matters.
        let row = [Float](repeating: 0.01, count: inputs)
        let weight = row.withUnsafeBytes { bytes in
            let rows = (0..<outputs).map { _ in WeightRows(bytes, format: .f32, outputs: 1, inputs: inputs) }
            return LinearWeight(stacking: rows, precision: precision, team: backend.team)
        }
        let x = Matrix(rows: rows, columns: inputs, values: Array(repeating: 0.5, count: rows * inputs))
        let out = Matrix(rows: rows, columns: outputs)
        let clock = ContinuousClock()
        var shortest = Duration.seconds(3600)
        for _ in 0..<rounds {
            shortest = min(shortest, clock.measure { backend.linear(x, norm: nil, weight, into: out, .store) })
        }
        let (whole, attoseconds) = shortest.components
        return max(Double(whole) + Double(attoseconds) * 1e-18, 1e-9)
    }
}
