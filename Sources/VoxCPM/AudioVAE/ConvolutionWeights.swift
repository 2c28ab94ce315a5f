import Checkpoint
import Compute

/// Reads the autoencoder's tensors and turns them into weights of the backend: weight norm folded, taps and phases in
/// the order in which time-major rows are read.
struct ConvolutionWeights {
    let source: any TensorSource
    let precision: Precision
    let team: WorkerTeam
    let panels: PanelStore

    /// The tensor, which must have exactly this many elements.
    ///
    /// - Throws: `TensorError`.
    func floats(_ name: String, count: Int) throws -> [Float] {
        defer { source.relinquish(name) }
        let values = try source.floats(name)
        guard values.count == count else {
            throw TensorError.wrongCount(name: name, expected: count, found: values.count, file: source.file)
        }
        return values
    }

    /// `alpha [1, channels, 1]` of the reference's `Snake1d`.
    func snake(_ name: String, channels: Int) throws -> SnakeWeight {
        SnakeWeight(alpha: try floats("\(name).alpha", count: channels))
    }

    /// The kernel that the weight-norm pair `weight_g`, `weight_v` stands for: `g v / |v|`, with one norm for each slice
    /// along the first dimension.
    ///
    /// - Returns: `[slices, elements]`, row by row.
    func kernel(_ name: String, slices: Int, elements: Int) throws -> [Float] {
        let gains = try floats("\(name).weight_g", count: slices)
        var values = try floats("\(name).weight_v", count: slices * elements)
        values.withUnsafeMutableBufferPointer { values in
            team.split(slices) { share in
                for slice in share {
                    let row = UnsafeMutableBufferPointer(rebasing: values[slice * elements..<(slice + 1) * elements])
                    var squares = 0.0
                    for value in row { squares += Double(value) * Double(value) }
                    // A slice of zeros has no direction and stays zero.
                    let factor = squares > 0 ? Float(Double(gains[slice]) / squares.squareRoot()) : 0
                    for index in row.indices { row[index] *= factor }
                }
            }
        }
        return values
    }

    func bias(_ name: String, count: Int) throws -> [Float] { try floats("\(name).bias", count: count) }

    /// A convolution as one linear layer over windows of `taps` rows: `[out, in, taps]` becomes `[out, taps * in]`, the
    /// oldest tap first.
    func window(_ name: String, inputs: Int, outputs: Int, taps: Int) throws -> LinearWeight {
        let bias = try bias(name, count: outputs)
        return try packed("\(name):window", outputs: outputs, inputs: taps * inputs, bias: bias) {
            let kernel = try kernel(name, slices: outputs, elements: inputs * taps)
            return reordered(kernel, outer: outputs, middle: inputs, inner: taps) { output, input, tap in
                (output * taps + tap) * inputs + input
            }
        }
    }

    /// A convolution as one linear layer for each tap, the oldest first; the last one carries the bias.
    func taps(_ name: String, inputs: Int, outputs: Int, taps: Int) throws -> [LinearWeight] {
        let bias = try bias(name, count: outputs)
        let size = outputs * inputs
        var rows: [Float] = []
        return try (0..<taps).map { tap in
            try packed(
                "\(name):tap\(tap)", outputs: outputs, inputs: inputs, bias: tap == taps - 1 ? bias : nil
            ) {
                if rows.isEmpty {
                    let kernel = try kernel(name, slices: outputs, elements: inputs * taps)
                    rows = reordered(kernel, outer: outputs, middle: inputs, inner: taps) { output, input, tap in
                        (tap * outputs + output) * inputs + input
                    }
                }
                return Array(rows[tap * size..<(tap + 1) * size])
            }
        }
    }

    /// A transposed convolution of kernel `2 * stride` as one linear layer over windows of two rows, the older first:
    /// `[in, out, 2 * stride]` becomes `[stride * out, 2 * in]`. Output phase p of a row sums the newer input with tap p
    /// and the older one with tap `stride + p`.
    func phases(_ name: String, inputs: Int, outputs: Int, stride: Int) throws -> LinearWeight {
        let bias = try bias(name, count: outputs)
        return try packed(
            "\(name):phases", outputs: stride * outputs, inputs: 2 * inputs,
            bias: (0..<stride * outputs).map { bias[$0 % outputs] }
        ) {
            let taps = 2 * stride
            let kernel = try kernel(name, slices: inputs, elements: outputs * taps)
            return reordered(kernel, outer: outputs, middle: inputs, inner: taps, middleFirst: true) {
                output, input, tap in
                let older = tap >= stride
                let row = (older ? tap - stride : tap) * outputs + output
                return row * 2 * inputs + (older ? input : inputs + input)
            }
        }
    }

    /// `[channels, 1, taps]` becomes `[taps, channels]`.
    func depthwise(_ name: String, channels: Int, taps: Int, dilation: Int) throws -> DepthwiseWeight {
        let kernel = try kernel(name, slices: channels, elements: taps)
        let rows = (0..<taps * channels).map { kernel[$0 % channels * taps + $0 / channels] }
        return DepthwiseWeight(taps: taps, dilation: dilation, weights: rows, bias: try bias(name, count: channels))
    }

    /// `[1, in, taps]` becomes one window of `taps * in`, the oldest tap first.
    func filter(_ name: String, inputs: Int, taps: Int) throws -> FilterWeight {
        let kernel = try kernel(name, slices: 1, elements: inputs * taps)
        let window = (0..<taps * inputs).map { kernel[$0 % inputs * taps + $0 / inputs] }
        return FilterWeight(weights: window, bias: try bias(name, count: 1)[0])
    }

    /// Moves every element of `[outer, middle, inner]` (or `[middle, outer, inner]`) to where `place` says.
    private func reordered(
        _ values: [Float], outer: Int, middle: Int, inner: Int, middleFirst: Bool = false,
        _ place: (_ outer: Int, _ middle: Int, _ inner: Int) -> Int
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: values.count) { target, initialised in
            let target = target
            values.withUnsafeBufferPointer { values in
                team.split(outer) { share in
                    for o in share {
                        for m in 0..<middle {
                            let first = (middleFirst ? m * outer + o : o * middle + m) * inner
                            for i in 0..<inner { target.initializeElement(at: place(o, m, i), to: values[first + i]) }
                        }
                    }
                }
            }
            initialised = values.count
        }
    }

    /// A weight from the store; `rows` makes `[outputs, inputs]` where it must be packed. Rounding it would be heard.
    private func packed(
        _ name: String, outputs: Int, inputs: Int, bias: [Float]?, _ rows: () throws -> [Float]
    ) throws -> LinearWeight {
        let form = LinearWeight.Form(outputs: outputs, inputs: inputs, precision: precision)
        return try panels.weight("audio_vae.\(name)", form, bias: bias, isDelicate: true) {
            try rows().withUnsafeBytes { bytes in
                LinearWeight(
                    stacking: [WeightRows(bytes, format: .f32, outputs: outputs, inputs: inputs)], bias: bias,
                    precision: precision, team: team)
            }
        }
    }
}
