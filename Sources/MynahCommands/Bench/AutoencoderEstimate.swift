import Checkpoint

/// The work of the audio autoencoder, whose matrices are 32-bit floats.
struct AutoencoderEstimate {
    let configuration: AudioVAEConfiguration

    private static let taps = 7
    private static let unitsPerBlock = 3
    /// Samples that the encoder takes at a time, each time reading all weights.
    private static let encodedChunk = 8192

    /// A convolution over `rows`, its weights read once.
    private func convolution(_ inputs: Int, _ outputs: Int, taps: Int, rows: Int) -> Work {
        let parameters = Double(inputs * outputs * taps)
        return Work(flops: 2 * parameters * Double(rows), bytes: parameters * 4)
    }

    /// The wide convolution of a residual unit, or the first one of the decoder.
    private func wide(_ inputs: Int, _ outputs: Int, rows: Int) -> Work {
        configuration.depthwise
            ? convolution(1, inputs, taps: Self.taps, rows: rows) + convolution(inputs, outputs, taps: 1, rows: rows)
            : convolution(inputs, outputs, taps: Self.taps, rows: rows)
    }

    private func units(_ channels: Int, rows: Int) -> Work {
        let unit =
            configuration.depthwise
            ? wide(channels, channels, rows: rows)
            : wide(channels, channels, rows: rows) + convolution(channels, channels, taps: 1, rows: rows)
        return unit * Self.unitsPerBlock
    }

    /// Decoding so many latents in one call.
    func decoder(latents: Int) -> Work {
        var rows = latents
        var width = configuration.decoderChannels
        var work = wide(configuration.latentSize, width, rows: rows)
        for rate in configuration.decoderRates {
            // Each output sees two inputs.
            work = work + convolution(2 * width, rate * (width / 2), taps: 1, rows: rows)
            width /= 2
            rows *= rate
            work = work + units(width, rows: rows)
        }
        return work + convolution(width, 1, taps: Self.taps, rows: rows)
    }

    /// Encoding a recording of so many latents.
    func encoder(latents: Int) -> Work {
        var rows = latents * configuration.samplesPerLatent
        let samples = rows
        var width = configuration.encoderChannels
        var work = convolution(1, width, taps: Self.taps, rows: rows)
        for rate in configuration.encoderRates {
            work = work + units(width, rows: rows)
            rows /= max(rate, 1)
            work = work + convolution(width, 2 * width, taps: 2 * rate, rows: rows)
            width *= 2
        }
        work = work + convolution(width, configuration.latentSize, taps: 3, rows: rows)
        work.bytes *= Double((samples + Self.encodedChunk - 1) / Self.encodedChunk)
        return work
    }
}
