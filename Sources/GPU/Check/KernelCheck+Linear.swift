internal import Compute

extension KernelCheck {
    /// Rows that fill a group of few or many rows, leave a rest, or lie on the border between two forms.
    private static let rowCounts = [1, 2, 3, 7, 8, 9, 12, 16, 17, 22, 24, 31, 33, 40, 70]
    /// Whole blocks and panels, and sizes that leave something of every kind.
    private static let widths = [(inputs: 1, outputs: 1), (37, 31), (130, 33), (64, 100), (257, 65), (48, 32)]

    enum Kind: String, CaseIterable { case store, residual, silu, quantize, tanh, gate }

    mutating func checkLinear() throws(DeviceError) {
        isThinned = true
        defer { isThinned = false }
        for format in Kernel.WeightFormat.allCases {
            for shape in shapes {
                try check(format, shape, onTensorCores: false)
                if format.suitsTensorCores, shape.rows > 1 {
                    try check(format, shape, onTensorCores: true)
                }
            }
            guard format.suitsTensorCores else { continue }
            // Groups of 8, 4 and 2 panels.
            for (panels, rows) in [(9, 5), (3, 20), (7, 40), (4, 33)] {
                for kind in [Kind.residual, .gate] {
                    let shape = Shape(kind: kind, rows: rows, inputs: 70, outputs: panels * 32 - 5)
                    try check(format, shape, onTensorCores: true, busyGroups: 1)
                }
            }
        }
    }

    /// A layer.
    private struct Shape {
        let kind: Kind
        let rows: Int
        let inputs: Int
        let outputs: Int
    }

    /// All row counts with all widths; kinds take turns.
    private var shapes: [Shape] {
        var shapes: [Shape] = []
        for (index, rows) in Self.rowCounts.enumerated() {
            for (place, (inputs, outputs)) in Self.widths.enumerated() {
                let kind = Kind.allCases[(index + place) % Kind.allCases.count]
                shapes.append(Shape(kind: kind, rows: rows, inputs: inputs, outputs: outputs))
            }
        }
        return shapes
    }

    private mutating func check(
        _ format: Kernel.WeightFormat, _ shape: Shape, onTensorCores: Bool, busyGroups: Int? = nil
    ) throws(DeviceError) {
        let (kind, rows, inputs, outputs) = (shape.kind, shape.rows, shape.inputs, shape.outputs)
        let weights = weights(format, kind, inputs: inputs, outputs: outputs)
        let hasNorm = (rows + inputs) % 2 == 0
        let norm = hasNorm ? NormWeight(values: noiseValues(inputs, seed: 5), epsilon: 1e-5) : nil
        // Where rows begin at multiples of 16 bytes, they are read in other words.
        let padding = rows % 3 == 0 ? (4 - inputs % 4) % 4 : 3
        let words = "\(kind) of \(rows) x \(inputs) by \(outputs) in \(format)\(hasNorm ? ", normalised" : "")"
        try compare(
            words + (onTensorCores ? ", on tensor cores" : ""),
            Setting(halves: format == .f16, onTensorCores: onTensorCores, busyGroups: busyGroups)
        ) {
            [
                .noise(rows, inputs, seed: 1, padding: padding), .noise(rows, outputs, seed: 2, padding: 1),
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
                matrices[0], norm: norm, backend is CPUBackend ? weights.exact : weights.stored, into: matrices[2],
                epilogue)
        }
    }

    /// A weight in 32-bit floats, and the same as a device with that format is given it: each format holds its values.
    func weights(
        _ format: Kernel.WeightFormat, _ kind: Kind, inputs: Int, outputs: Int
    ) -> (exact: LinearWeight, stored: LinearWeight) {
        func weight(_ precision: Precision, shift: Float) -> LinearWeight {
            self.weight(precision, kind, inputs: inputs, outputs: outputs, shift: shift)
        }
        let exact: LinearWeight
        switch format {
        case .f32:
            exact = weight(.f32, shift: 0.00123456)
            return (exact, exact)
        case .f16:
            exact = weight(.f32, shift: 3.0 / 1024)
            return (exact, exact)
        case .bf16: return (weight(.f32, shift: 0), weight(.bf16, shift: 0))
        case .int8: return (weight(.f32, shift: 0), weight(.int8, shift: 0))
        }
    }

    /// - Parameter shift: Gives the values longer fractions, for formats that have them.
    private func weight(
        _ precision: Precision, _ kind: Kind, inputs: Int, outputs: Int, shift: Float
    ) -> LinearWeight {
        // Each row reaches 127 / 128: then 8-bit integers hold all of it exactly.
        func rows(seed: UInt64) -> [Float] {
            var values = noiseValues(inputs * outputs, seed: seed)
            for output in 0..<outputs { values[output * inputs] = 127.0 / 128 }
            return shift == 0 ? values : values.map { $0 + shift }
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
