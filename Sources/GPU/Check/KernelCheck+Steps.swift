internal import Compute

extension KernelCheck {
    mutating func checkTransformer() throws(DeviceError) {
        for columns in [1, 33, 128, 300] {
            let norm = NormWeight(values: noiseValues(columns, seed: 1), epsilon: 1e-6)
            try compare("norm of 5 x \(columns)") {
                [.noise(5, columns, seed: 2, padding: 3), .noise(5, columns, seed: 3, padding: 1)]
            } _: {
                $0.normalize($1[0], norm, into: $1[1])
            }
        }
        for heads in Self.headLayouts { try checkAttention(heads) }
        let shape = (rows: 4, columns: 67)
        for zeroStar in [false, true] {
            try compare("guidance\(zeroStar ? " with zero-star" : "")") {
                (0..<3).map { .noise(shape.rows, shape.columns, seed: 20 + $0) }
            } _: {
                $0.guide($1[0], guided: $1[1], free: $1[2], cfg: 2, zeroStar: zeroStar, delta: 0.1)
            }
        }
        try compare("add") {
            (0..<3).map { .noise(7, 41, seed: $0, padding: Int($0)) }
        } _: {
            $0.add($1[0], $1[1], into: $1[2])
        }
        try compare("copy") {
            (0..<2).map { .noise(7, 41, seed: $0, padding: Int($0)) }
        } _: {
            $0.copy($1[0], into: $1[1])
        }
    }

    mutating func checkAudio() throws(DeviceError) {
        for channels in [1, 6, 37] {
            let snake = SnakeWeight(alpha: noiseValues(channels, seed: 1).map { abs($0) + 0.1 })
            try compare("snake of \(channels) channels") {
                [.noise(29, channels, seed: 2), .noise(29, channels, seed: 3)]
            } _: {
                $0.snake($1[0], snake, into: $1[1])
            }
            for (taps, dilation) in [(7, 1), (7, 9), (3, 2)] {
                let weight = DepthwiseWeight(
                    taps: taps, dilation: dilation, weights: noiseValues(taps * channels, seed: 4),
                    bias: taps == 3 ? nil : noiseValues(channels, seed: 5))
                let history = (taps - 1) * dilation
                try compare("depthwise, \(taps) taps \(dilation) apart of \(channels) channels") {
                    [.noise(history + 31, channels, seed: 6), .noise(31, channels, seed: 7)]
                } _: {
                    $0.depthwise(
                        $1[0][rows: history..<history + 31], weight, snake: dilation == 9 ? nil : snake, into: $1[1])
                }
            }
        }
        let filter = FilterWeight(weights: noiseValues(7 * 5, seed: 8), bias: 0.25)
        try compare("filter over windows") {
            [.noise(306, 5, seed: 9), .noise(300, 1, seed: 10)]
        } _: {
            let windows = Matrix(storage: $1[0].storage, rows: 300, columns: 35, rowStride: 5)
            $0.filter(windows, filter, into: $1[1])
        }
        try compare("tanh") {
            [.noise(9, 33, seed: 11)]
        } _: {
            $0.tanh($1[0])
        }
    }
}
