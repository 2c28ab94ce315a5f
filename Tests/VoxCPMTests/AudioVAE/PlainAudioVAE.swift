import Checkpoint
import Foundation

/// The autoencoder written as its definition says, in double precision, one channel-major signal at a time: the oracle
/// of the fast one.
struct PlainAudioVAE {
    typealias Signal = [[Double]]
    let configuration: AudioVAEConfiguration
    let weights: MemoryTensors

    func encode(_ samples: [Float]) throws -> Signal {
        let hop = configuration.samplesPerLatent
        let padded = samples.map(Double.init) + Array(repeating: 0, count: (hop - samples.count % hop) % hop)
        var x = try convolution([padded], "encoder.block.0", taps: 7, left: 6)
        for (index, stride) in configuration.encoderRates.enumerated() {
            let name = "encoder.block.\(index + 1).block"
            for unit in 0..<3 { x = try residualUnit(x, "\(name).\(unit)", dilation: [1, 3, 9][unit]) }
            x = try snake(x, "\(name).3")
            x = try convolution(x, "\(name).4", taps: 2 * stride, left: (stride + 1) / 2 * 2, stride: stride)
        }
        return try convolution(x, "encoder.fc_mu", taps: 3, left: 2)
    }

    func decode(_ latents: Signal) throws -> [Double] {
        var x = latents
        var layer = 0
        if configuration.depthwise {
            x = try convolution(x, "decoder.model.0", taps: 7, left: 6, depthwise: true)
            x = try convolution(x, "decoder.model.1", taps: 1, left: 0)
            layer = 2
        } else {
            x = try convolution(x, "decoder.model.0", taps: 7, left: 6)
            layer = 1
        }
        for stride in configuration.decoderRates {
            let name = "decoder.model.\(layer).block"
            x = try transposed(try snake(x, "\(name).0"), "\(name).1", stride: stride)
            for unit in 0..<3 { x = try residualUnit(x, "\(name).\(unit + 2)", dilation: [1, 3, 9][unit]) }
            layer += 1
        }
        x = try snake(x, "decoder.model.\(layer)")
        return try convolution(x, "decoder.model.\(layer + 1)", taps: 7, left: 6)[0].map(tanh)
    }

    private func residualUnit(_ x: Signal, _ name: String, dilation: Int) throws -> Signal {
        var y = try snake(x, "\(name).block.0")
        y = try convolution(
            y, "\(name).block.1", taps: 7, left: 6 * dilation, dilation: dilation, depthwise: configuration.depthwise)
        y = try convolution(try snake(y, "\(name).block.2"), "\(name).block.3", taps: 1, left: 0)
        return zip(x, y).map { zip($0, $1).map(+) }
    }

    private func snake(_ x: Signal, _ name: String) throws -> Signal {
        let alpha = try weights.floats("\(name).alpha").map(Double.init)
        return zip(x, alpha).map { row, a in
            row.map { $0 + sin(a * $0) * sin(a * $0) / (a + 1e-9) }
        }
    }

    private func kernel(_ name: String) throws -> [[Double]] {
        let gains = try weights.floats("\(name).weight_g").map(Double.init)
        let values = try weights.floats("\(name).weight_v").map(Double.init)
        let size = values.count / gains.count
        return gains.enumerated().map { index, gain in
            let slice = values[index * size..<(index + 1) * size]
            let norm = slice.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return slice.map { $0 * gain / norm }
        }
    }

    private func convolution(
        _ x: Signal, _ name: String, taps: Int, left: Int, stride: Int = 1, dilation: Int = 1, depthwise: Bool = false
    ) throws -> Signal {
        let kernel = try kernel(name)
        let bias = try weights.floats("\(name).bias").map(Double.init)
        let padded = x.map { Array(repeating: 0, count: left) + $0 }
        let times = (padded[0].count - (taps - 1) * dilation - 1) / stride + 1
        return kernel.indices.map { output in
            (0..<times).map { time in
                var sum = bias[output]
                for input in 0..<(depthwise ? 1 : x.count) {
                    for tap in 0..<taps {
                        sum +=
                            kernel[output][input * taps + tap]
                            * padded[depthwise ? output : input][time * stride + tap * dilation]
                    }
                }
                return sum
            }
        }
    }

    private func transposed(_ x: Signal, _ name: String, stride: Int) throws -> Signal {
        let kernel = try kernel(name)
        let bias = try weights.floats("\(name).bias").map(Double.init)
        let taps = 2 * stride
        let times = x[0].count
        return bias.indices.map { output in
            var row = Array(repeating: bias[output], count: (times + 1) * stride)
            for (input, signal) in x.enumerated() {
                for time in 0..<times {
                    for tap in 0..<taps {
                        row[time * stride + tap] += signal[time] * kernel[input][output * taps + tap]
                    }
                }
            }
            return Array(row.prefix(times * stride))
        }
    }
}
