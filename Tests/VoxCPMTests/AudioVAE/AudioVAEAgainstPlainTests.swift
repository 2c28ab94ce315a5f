import Compute
import TestSupport
import Testing

@testable import Checkpoint
@testable import VoxCPM

/// Shapes that the official models do not have: the fast autoencoder against the plain one.
struct AudioVAEAgainstPlainTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        var encoder: (channels: Int, rates: [Int])
        var latentSize: Int
        var decoder: (channels: Int, rates: [Int])
        var depthwise: Bool

        var configuration: AudioVAEConfiguration {
            AudioVAEConfiguration(
                encoderChannels: encoder.channels, encoderRates: encoder.rates, latentSize: latentSize,
                decoderChannels: decoder.channels, decoderRates: decoder.rates, depthwise: depthwise,
                sampleRateHz: 16_000)
        }
        var testDescription: String {
            "\(encoder) \(latentSize) \(decoder) \(depthwise ? "depthwise" : "full")"
        }
    }

    static let shapes = [
        Shape(encoder: (2, [2, 5, 8, 8]), latentSize: 5, decoder: (32, [8, 8, 5, 2]), depthwise: true),
        Shape(encoder: (2, [2, 3, 6, 7]), latentSize: 3, decoder: (17, [7, 3, 2]), depthwise: true),
        Shape(encoder: (3, [5]), latentSize: 4, decoder: (6, [5]), depthwise: false),
        Shape(encoder: (5, [2, 3]), latentSize: 7, decoder: (20, [3, 4]), depthwise: false),
        Shape(encoder: (1, [4]), latentSize: 1, decoder: (2, [7]), depthwise: true),
        Shape(encoder: (3, [1, 2, 1]), latentSize: 4, decoder: (40, [1, 3]), depthwise: true),
        Shape(encoder: (4, [1]), latentSize: 2, decoder: (3, [1]), depthwise: false),
        Shape(encoder: (17, [3]), latentSize: 33, decoder: (70, [2]), depthwise: true),
    ]

    @Test(arguments: shapes) func decodes(shape: Shape) throws {
        let weights = MemoryTensors(randomFor: shape.configuration, seed: 11)
        let vae = try makeVAE(shape.configuration, weights)
        let latents = randomLatents(11, shape.latentSize)
        let plain = try PlainAudioVAE(configuration: shape.configuration, weights: weights).decode(latents.channelMajor)
        let samples = try vae.decode(latents)
        #expect(relativeError(samples, plain.map { Float($0) }) < 2e-5)
    }

    @Test(arguments: shapes) func encodes(shape: Shape) throws {
        let weights = MemoryTensors(randomFor: shape.configuration, seed: 12)
        let vae = try makeVAE(shape.configuration, weights)
        var generator = SplitMix(state: 3)
        let samples = generator.floats(min(2 * shape.configuration.samplesPerLatent + 3, 700))
        let plain = try PlainAudioVAE(configuration: shape.configuration, weights: weights).encode(samples)
        let means = try vae.encode(samples)
        #expect(means.rows == plain[0].count)
        #expect(relativeError(means.values(), timeMajor(plain)) < 2e-5)
    }

    @Test(arguments: shapes) func chunksOfLatentsGiveTheSameBits(shape: Shape) throws {
        let vae = try makeVAE(shape.configuration, MemoryTensors(randomFor: shape.configuration, seed: 13))
        let latents = randomLatents(11, shape.latentSize)
        let whole = try vae.decode(latents)
        let state = vae.makeDecoder(maxChunk: 5)
        for chunk in [1, 2, 3, 5] {
            state.reset()
            var samples: [Float] = []
            for start in stride(from: 0, to: latents.rows, by: chunk) {
                samples += state.decode(latents[rows: start..<min(start + chunk, latents.rows)])
            }
            #expect(samples == whole, "chunks of \(chunk)")
        }
    }

    @Test(arguments: shapes) func chunksOfSamplesGiveTheSameBits(shape: Shape) throws {
        let vae = try makeVAE(shape.configuration, MemoryTensors(randomFor: shape.configuration, seed: 14))
        var generator = SplitMix(state: 4)
        let samples = generator.floats(min(2 * shape.configuration.samplesPerLatent + 1, 400))
        let whole = try vae.encode(samples).values()
        for chunk in [1, 7, 64] {
            let state = try vae.makeEncoder(maxChunk: chunk)
            #expect(state.encode(samples) + state.finish() == whole, "chunks of \(chunk)")
            state.reset()
            var pieces: [Float] = []
            for start in stride(from: 0, to: samples.count, by: 50) {
                pieces += state.encode(samples[start..<min(start + 50, samples.count)])
            }
            #expect(pieces + state.finish() == whole, "pieces of 50 in chunks of \(chunk)")
        }
    }

    /// Two sequences that take turns do not hear each other, nor do team sizes.
    @Test(arguments: [1, 2, 3]) func sequencesAreSeparate(threads: Int) throws {
        let shape = Self.shapes[0]
        let weights = MemoryTensors(randomFor: shape.configuration, seed: 15)
        let vae = try makeVAE(shape.configuration, weights, threads: threads)
        let latents = [randomLatents(6, shape.latentSize, seed: 1), randomLatents(6, shape.latentSize, seed: 2)]
        let states = [vae.makeDecoder(maxChunk: 2), vae.makeDecoder(maxChunk: 4)]
        var samples: [[Float]] = [[], []]
        for start in stride(from: 0, to: 6, by: 2) {
            for sequence in 0..<2 {
                samples[sequence] += states[sequence].decode(latents[sequence][rows: start..<start + 2])
            }
        }
        let single = try makeVAE(shape.configuration, weights)
        for sequence in 0..<2 { #expect(try samples[sequence] == single.decode(latents[sequence])) }
    }

    @Test func refusesWhatDoesNotFit() throws {
        let shape = Self.shapes[2]
        let weights = MemoryTensors(randomFor: shape.configuration, seed: 16)
        let vae = try makeVAE(shape.configuration, weights)
        #expect(throws: AudioVAEError.latentSize(expected: 4, found: 5)) { try vae.decode(Matrix(rows: 1, columns: 5)) }
        #expect(try vae.decode(Matrix(rows: 0, columns: 4)).isEmpty)
        #expect(try vae.encode([]).rows == 0)
        var other = shape
        other.latentSize = 6
        #expect(throws: TensorError.self) { try makeVAE(other.configuration, weights) }
        other = shape
        other.decoder.rates = [5, 2, 2, 2]
        #expect(throws: (any Error).self) { try makeVAE(other.configuration, weights) }
    }

    /// Whatever numbers come in, nothing traps.
    @Test func survivesNonsense() throws {
        let shape = Self.shapes[0]
        let vae = try makeVAE(shape.configuration, MemoryTensors(randomFor: shape.configuration, seed: 17))
        for value in [Float.nan, .infinity, 1e30, -.greatestFiniteMagnitude] {
            let latents = Matrix(rows: 2, columns: shape.latentSize)
            latents.fill(value)
            #expect(try vae.decode(latents).count == 2 * shape.configuration.outputsPerLatent)
            #expect(try vae.encode(Array(repeating: value, count: 10)).rows == 1)
        }
    }
}

func makeVAE(
    _ configuration: AudioVAEConfiguration, _ weights: any TensorSource, precision: Precision = .f32, threads: Int = 1
) throws -> AudioVAE {
    let team = WorkerTeam(count: threads)
    return try AudioVAE(
        configuration: configuration, weights: weights, precision: precision, backend: CPUBackend(team: team),
        team: team)
}

func randomLatents(_ rows: Int, _ columns: Int, seed: UInt64 = 5) -> Matrix {
    var generator = SplitMix(state: seed)
    return Matrix(rows: rows, columns: columns, values: generator.floats(rows * columns, in: -2...2))
}

extension Matrix {
    /// `[channels][time]`.
    var channelMajor: [[Double]] {
        let values = values()
        return (0..<columns).map { column in (0..<rows).map { Double(values[$0 * columns + column]) } }
    }
}

func timeMajor(_ signal: [[Double]]) -> [Float] {
    (0..<(signal.first?.count ?? 0)).flatMap { time in signal.map { Float($0[time]) } }
}
