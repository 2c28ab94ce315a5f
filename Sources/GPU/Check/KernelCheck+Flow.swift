internal import Compute

extension KernelCheck {
    /// The start of a step of flow matching: with and without guidance, for one sequence and for several.
    mutating func checkFlow() throws(DeviceError) {
        try compare("groups with a first row") {
            [.noise(1, 37, seed: 1), .noise(6, 37, seed: 2, padding: 2), .noise(8, 37, seed: 3, padding: 1)]
        } _: {
            $0.layOut($1[0], before: $1[1], size: 3, into: $1[2])
        }
        for format in Kernel.WeightFormat.allCases {
            for (patch, latents, columns) in [(1, 7, 5), (4, 64, 96), (9, 33, 70)] {
                let (exact, stored) = weights(format, .store, inputs: latents, outputs: columns)
                for zeroStar in [nil, false, true] {
                    let words = zeroStar.map { $0 ? ", guided with zero-star" : ", guided" } ?? ""
                    try compare(
                        "a step's start, \(patch) x \(latents) by \(columns) in \(format)\(words)",
                        Setting(halves: format == .f16)
                    ) {
                        FlowCase.matrices(sequences: 3, patch: patch, latents: latents, columns: columns)
                    } _: {
                        $0.enter(FlowCase.entry($1, $0 is CPUBackend ? exact : stored, zeroStar: zeroStar))
                    }
                }
            }
        }
    }

    /// Causal convolutions over chunks that are shorter and longer than what is kept.
    mutating func checkCausal() throws(DeviceError) {
        for (rows, channels) in [(1, 5), (4, 64), (61, 33)] {
            let snake = SnakeWeight(alpha: noiseValues(channels, seed: 1).map { abs($0) + 0.1 })
            for before in [nil, snake] {
                let words = "\(rows) rows of \(channels) channels\(before == nil ? "" : " behind a snake")"
                try compare("a window of \(words)") {
                    Self.causal(rows, channels, history: 3)
                } _: {
                    $0.extend(Self.input($1, before))
                }
                for (taps, dilation) in [(7, 1), (7, 9), (2, 1)] {
                    let weight = DepthwiseWeight(
                        taps: taps, dilation: dilation, weights: noiseValues(taps * channels, seed: 6),
                        bias: taps == 2 ? nil : noiseValues(channels, seed: 7))
                    try compare("causal depthwise, \(taps) taps \(dilation) apart, \(words)", skipping: 1) {
                        Self.causal(rows, channels, history: (taps - 1) * dilation)
                            + [.noise(rows, channels, seed: 8)]
                    } _: {
                        $0.depthwise(Self.input($1, before), weight, snake: dilation == 9 ? nil : snake, into: $1[4])
                    }
                }
                let filter = FilterWeight(weights: noiseValues(7 * channels, seed: 9).map { $0 / 8 }, bias: 0.25)
                try compare("causal filter, \(words)", skipping: 1) {
                    Self.causal(rows, channels, history: 6) + [.noise(rows, 1, seed: 10)]
                } _: {
                    $0.filter(Self.input($1, before), filter, intoTanh: $1[4])
                }
            }
        }
    }

    /// Window, chunk, kept rows, rows for the next chunk.
    private static func causal(_ rows: Int, _ channels: Int, history: Int) -> [Matrix] {
        [
            .noise(history + rows, channels, seed: 5), .noise(rows, channels, seed: 2),
            .noise(history, channels, seed: 3), .noise(history, channels, seed: 4),
        ]
    }

    private static func input(_ matrices: [Matrix], _ snake: SnakeWeight?) -> CausalInput {
        CausalInput(rows: matrices[1], snake: snake, kept: matrices[2], next: matrices[3], window: matrices[0])
    }
}

/// The matrices of a `FlowEntry` in a row.
private enum FlowCase {
    static func matrices(sequences: Int, patch: Int, latents: Int, columns: Int) -> [Matrix] {
        let groups = 2 * sequences * (1 + 2 * patch)
        return [
            .noise(sequences * patch, latents, seed: 11), .noise(sequences * patch, latents, seed: 12),
            .noise(sequences * patch, columns, seed: 13), .noise(groups, columns, seed: 14),
            .noise(sequences, columns, seed: 15), .noise(2, columns, seed: 16), .noise(groups, latents, seed: 17),
        ]
    }

    /// The last sequence has a time and a guidance of its own.
    static func entry(_ m: [Matrix], _ weight: LinearWeight, zeroStar: Bool?) -> FlowEntry {
        let count = m[4].rows
        let (size, group) = (m[0].rows / count, m[3].rows / count / 2)
        let sequences = (0..<count).map { index in
            let isLast = index == count - 1
            let velocity = { (branch: Int) in
                let start = (2 * index + branch) * group + 1 + size
                return m[6][rows: start..<start + size]
            }
            return FlowEntry.Sequence(
                first: m[4][rows: index..<index + 1], time: m[5][rows: isLast ? 1..<2 : 0..<1],
                guidance: zeroStar.map {
                    FlowEntry.Guidance(
                        guided: velocity(0), free: velocity(1), cfg: isLast ? 3 : 2, zeroStar: $0, delta: 0.1)
                })
        }
        return FlowEntry(
            noisy: m[0], moved: m[1], condition: m[2], projection: weight,
            projected: Matrix(rows: m[0].rows, columns: m[2].columns), hidden: m[3], sequences: sequences)
    }
}
