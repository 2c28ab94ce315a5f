internal import Compute

extension KernelCheck {
    /// Rows that fill a group of few or many rows, leave a rest, or lie on the border between both.
    private static let rowCounts = [1, 3, 8, 12, 13, 33, 70]
    private static let widths = [(inputs: 1, outputs: 1), (37, 31), (130, 33), (64, 100)]

    enum Kind: String, CaseIterable { case store, residual, silu, quantize, tanh, gate }

    mutating func checkLinear() throws(DeviceError) {
        for format in Kernel.WeightFormat.allCases {
            var kinds = Kind.allCases.makeIterator()
            for rows in Self.rowCounts {
                for (inputs, outputs) in Self.widths {
                    guard
                        let kind = kinds.next()
                            ?? {
                                kinds = Kind.allCases.makeIterator(); return kinds.next()
                            }()
                    else { continue }
                    try check(format, kind, rows: rows, inputs: inputs, outputs: outputs)
                }
            }
        }
    }

    private mutating func check(
        _ format: Kernel.WeightFormat, _ kind: Kind, rows: Int, inputs: Int, outputs: Int
    ) throws(DeviceError) {
        let (exact, stored) = weights(format, kind, inputs: inputs, outputs: outputs)
        let hasNorm = (rows + inputs) % 2 == 0
        let norm = hasNorm ? NormWeight(values: noiseValues(inputs, seed: 5), epsilon: 1e-5) : nil
        let name = "\(kind) of \(rows) x \(inputs) by \(outputs) in \(format)\(hasNorm ? ", normalised" : "")"
        try compare(name, halves: format == .f16) {
            [
                .noise(rows, inputs, seed: 1, padding: 3), .noise(rows, outputs, seed: 2, padding: 1),
                .noise(rows, outputs, seed: 3, padding: 2),
            ]
        } _: { backend, matrices in
            let epilogue: Epilogue =
                switch kind {
                case .store: .store
                case .residual: .residual(matrices[1], scale: 0.37)
                case .silu: .silu
                // No sum lies near the edge between two levels.
                case .quantize: .quantize(scale: 9.037)
                case .tanh: .tanh
                case .gate: .siluGate
                }
            // The CPU rounds the inputs of 8-bit layers, the device does not: so it gets the exact weights.
            backend.linear(
                matrices[0], norm: norm, backend is CPUBackend ? exact : stored, into: matrices[2], epilogue)
        }
    }

    /// A weight in 32-bit floats, and the same as a device with that format is given it: each format holds its values.
    func weights(
        _ format: Kernel.WeightFormat, _ kind: Kind, inputs: Int, outputs: Int
    ) -> (exact: LinearWeight, stored: LinearWeight) {
        let exact = weight(.f32, kind, inputs: inputs, outputs: outputs)
        switch format {
        case .f32, .f16: return (exact, exact)
        case .bf16: return (exact, weight(.bf16, kind, inputs: inputs, outputs: outputs))
        case .int8: return (exact, weight(.int8, kind, inputs: inputs, outputs: outputs))
        }
    }

    private func weight(_ precision: Precision, _ kind: Kind, inputs: Int, outputs: Int) -> LinearWeight {
        // Each row reaches 127 / 128: then 8-bit integers hold all of it exactly.
        func rows(seed: UInt64) -> [Float] {
            var values = noiseValues(inputs * outputs, seed: seed)
            for output in 0..<outputs { values[output * inputs] = 127.0 / 128 }
            return values
        }
        return rows(seed: 7).withUnsafeBytes { first in
            let upper = WeightRows(first, format: .f32, outputs: outputs, inputs: inputs)
            guard kind == .gate else {
                return LinearWeight(
                    stacking: [upper], bias: noiseValues(outputs, seed: 9), precision: precision, team: cpu.team)
            }
            return rows(seed: 8).withUnsafeBytes { second in
                LinearWeight(
                    gate: upper, up: WeightRows(second, format: .f32, outputs: outputs, inputs: inputs),
                    precision: precision, team: cpu.team)
            }
        }
    }
}
