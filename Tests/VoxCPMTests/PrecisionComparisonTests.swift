import Compute
import Foundation
import Testing

@testable import VoxCPM

/// `mynah doctor --precision`: layer by layer against 32-bit floats.
struct PrecisionComparisonTests {
    private func request() -> GenerationRequest {
        var request = GenerationRequest(tokens: [300, 301, 302, 303])
        request.seed = 5
        request.steps = 4
        return request
    }

    private func compare(_ precision: Precision) throws -> PrecisionComparison {
        try PrecisionComparison(
            exact: try ReferenceModel.load("v15"), rough: try ReferenceModel.load("v15", precision: precision),
            request: request(), patches: 3)
    }

    @Test func thePrecisionItselfHasNoError() throws {
        let found = try compare(.f32)
        #expect(found.layers.count == 16)
        #expect(found.layers.allSatisfy { $0.relativeError == 0 && $0.worst == 0 })
        #expect(found.latents == 0 && found.firstLatents == 0 && found.logMelDifference == 0)
        #expect(found.audioDecibels == -200)
        #expect(found.patches == 3)
        #expect(found.layersBeyondLimit.isEmpty)
    }

    @Test func everyKindOfLayerIsMeasured() throws {
        let found = try compare(.int8)
        #expect(found.layers.map(\.layers) == [3, 3, 3, 3] + Array(repeating: 2, count: 12))
        for layer in found.layers {
            #expect(layer.relativeError > 1e-4 && layer.relativeError < 0.05, "\(layer)")
            #expect(layer.worst >= layer.relativeError, "\(layer)")
        }
        #expect(found.firstLatents > 0 && found.firstLatents < 0.3, "\(found.firstLatents)")
        #expect(found.logMelDifference > 0)
    }

    @Test func bf16IsMoreExactThanInt8() throws {
        let (bf16, int8) = (try compare(.bf16), try compare(.int8))
        for (left, right) in zip(bf16.layers, int8.layers) { #expect(left.relativeError < right.relativeError) }
    }

    /// Watching does not change what the model says.
    @Test func watchingChangesNothing() throws {
        let model = try ReferenceModel.load("v15")
        let rough = try ReferenceModel.load("v15", precision: .int8)
        let errors = LayerErrors(model.backend, exact: model.panels.weights, rough: rough.panels.weights)
        var request = request()
        request.maxPatches = 3
        let watched = try VoxCPMModel(model, on: errors).generate(request)
        #expect(watched.samples == (try model.generate(request).samples))
        #expect(errors.found.count == 16)
    }

    @Test func logMelSpectraTellLoudnessAndPitch() {
        let spectrum = LogMelSpectrum(sampleRateHz: 24_000)
        func tone(_ hertz: Float, _ amplitude: Float) -> [Float] {
            (0..<4800).map { amplitude * sin(2 * .pi * hertz * Float($0) / 24_000) }
        }
        let tone440 = tone(440, 0.5)
        #expect(spectrum.meanDifference(tone440, tone440) == 0)
        // Twice as loud is ln 2 more wherever the floor is not reached.
        var generator = SplitMix(state: 9)
        let noise = generator.floats(4800, in: -0.5...0.5)
        #expect(abs(spectrum.meanDifference(noise, noise.map { 2 * $0 }) - log(2)) < 1e-3)
        #expect(spectrum.meanDifference(tone440, tone(2000, 0.5)) > 0.5)
        #expect(spectrum.meanDifference([], tone440) == 0)
    }
}
