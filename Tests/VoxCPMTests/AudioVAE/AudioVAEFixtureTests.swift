import Checkpoint
import Compute
import Foundation
import TestSupport
import Testing

@testable import VoxCPM

/// The autoencoder against tensors that the reference computed.
struct AudioVAEFixtureTests {
    static let families = ["v15", "v05b"]

    @Test(arguments: families) func encodesAsTheReference(family: String) throws {
        let (vae, expected) = try Self.load(family)
        let recorder = LayerRecorder()
        let means = try vae.encode(expected["vae.encode_in"].values) { recorder.record($0, $1) }
        #expect(try relativeError(means.channelFirst(), expected["vae.encode_mu"].values) < 1e-4)
        try recorder.compare(with: expected, prefix: "vae.encoder_block")
    }

    @Test(arguments: families) func decodesAsTheReference(family: String) throws {
        let (vae, expected) = try Self.load(family)
        let latents = try Self.latents(expected["vae.decode_in"])
        let recorder = LayerRecorder()
        let samples = try vae.decode(latents) { recorder.record($0, $1) }
        let reference = try expected["vae.decode_out"].values
        #expect(relativeError(samples, reference) < 1e-4)
        #expect(signalToNoiseDecibels(samples, reference) > 80)
        try recorder.compare(with: expected, prefix: "vae.decoder_layer")
    }

    /// Whole generations: latents of the reference, the waveform that it made of them.
    @Test(arguments: families + ["v15_bf16"]) func decodesGenerations(family: String) throws {
        let (vae, expected) = try Self.load(family)
        for name in expected.names where name.hasSuffix(".latent") {
            let latents = try Self.latents(expected[name])
            let samples = try vae.decode(latents)
            let state = vae.makeDecoder(maxChunk: 5)
            for chunk in [1, 2, 3, 5] {
                state.reset()
                var streamed: [Float] = []
                for start in stride(from: 0, to: latents.rows, by: chunk) {
                    streamed += state.decode(latents[rows: start..<min(start + chunk, latents.rows)])
                }
                #expect(streamed == samples, "\(name) in chunks of \(chunk)")
            }
            try Self.compareWaveform(samples, expected, scenario: String(name.dropLast(".latent".count)))
        }
    }

    /// 16-bit weights lose accuracy, not the signal.
    @Test func halfPrecisionStaysClose() throws {
        let (vae, expected) = try Self.load("v15", precision: .bf16)
        let samples = try vae.decode(Self.latents(expected["vae.decode_in"]))
        #expect(signalToNoiseDecibels(samples, try expected["vae.decode_out"].values) > 30)
    }

    /// The reference's waveform may lack the context patches of a prompt at its beginning.
    private static func compareWaveform(_ samples: [Float], _ expected: ReferenceTensors, scenario: String) throws {
        let name = "\(scenario).audio"
        let reference = try expected[name].values
        let tail = Array(samples.suffix(reference.count))
        #expect(relativeError(tail, reference) < 1e-4, "\(name)")
        #expect(signalToNoiseDecibels(tail, reference) > 80, "\(name)")
    }

    private static func load(
        _ family: String, precision: Precision = .f32
    ) throws -> (vae: AudioVAE, expected: ReferenceTensors) {
        let folder = try CheckpointFolder(Fixtures.folder.appendingPathComponent("\(family)/checkpoint"))
        let vae = try makeVAE(folder.configuration.audioVAE, folder.audioVAE, precision: precision)
        return (vae, try ReferenceTensors(family: family))
    }

    /// `[1, channels, time]` as `[time, channels]`.
    private static func latents(_ tensor: (shape: [Int], values: [Float])) -> Matrix {
        let (channels, times) = (tensor.shape[1], tensor.shape[2])
        return Matrix(
            rows: times, columns: channels,
            values: (0..<times * channels).map { tensor.values[$0 % channels * times + $0 / channels] })
    }
}

/// Collects what the layers give, chunk after chunk.
final class LayerRecorder {
    private var chunks: [String: [Matrix]] = [:]

    func record(_ name: String, _ rows: Matrix) {
        chunks[name, default: []].append(Matrix(rows: rows.rows, columns: rows.columns, values: rows.values()))
    }

    /// Compares all tensors of the reference whose names begin so; there must be some.
    func compare(with expected: ReferenceTensors, prefix: String) throws {
        let names = expected.names.filter { $0.hasPrefix(prefix) }
        #expect(!names.isEmpty)
        for name in names {
            let recorded = chunks[name] ?? []
            let columns = recorded.first?.columns ?? 0
            let whole = Matrix(
                rows: recorded.reduce(0) { $0 + $1.rows }, columns: columns, values: recorded.flatMap { $0.values() })
            #expect(try relativeError(whole.channelFirst(), expected[name].values) < 1e-4, "\(name)")
        }
    }
}

extension Matrix {
    /// The values channel by channel, as the reference stores `[1, channels, time]`.
    func channelFirst() -> [Float] {
        let values = values()
        return (0..<rows * columns).map { values[$0 % rows * columns + $0 / rows] }
    }
}

func signalToNoiseDecibels(_ actual: [Float], _ expected: [Float]) -> Double {
    guard actual.count == expected.count else { return -.infinity }
    var signal = 0.0
    var noise = 0.0
    for (left, right) in zip(actual, expected) {
        signal += Double(right) * Double(right)
        noise += Double(left - right) * Double(left - right)
    }
    return noise == 0 ? .infinity : 10 * log10(signal / noise)
}
