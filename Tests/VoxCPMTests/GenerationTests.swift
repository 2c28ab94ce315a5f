import Checkpoint
import Compute
import Foundation
import TestSupport
import Testing
import VoxCPM

/// Whole generations against the reference, from the same tokens, prompt latents and seed.
struct GenerationTests {
    static let scenarios = ReferenceScenario.all

    @Test func theManifestHasScenarios() { #expect(Self.scenarios.count >= 16) }

    @Test(arguments: scenarios) func equalsTheReference(scenario: ReferenceScenario) throws {
        try scenario.run(on: try ReferenceModel.load(scenario.family), tolerance: 2e-3)
    }

    @Test(arguments: ["v15", "v05b"]) func streamingStartsAsTheReferenceStreams(family: String) throws {
        // The reference decodes a window of three patches at each step, so its stream equals its own one-shot result for
        // three patches only. Ours equals the one-shot result throughout.
        let expected = try ReferenceModel.expected(family)
        let model = try ReferenceModel.load(family)
        let scenario = try #require(ReferenceScenario.all.first { $0.family == family && $0.name == "gen_plain" })
        let generation = try Generation(model, try scenario.request(expected))
        var chunks: [Float] = []
        while let patch = try generation.next() { chunks += patch.samples }
        let streamed = try expected.floats("stream_plain.chunks")
        let count = 3 * model.samplesPerPatch
        #expect(relativeError(Array(chunks.prefix(count)), Array(streamed.prefix(count))) < 2e-3)
        #expect(relativeError(chunks, try expected.floats("gen_plain.audio")) < 2e-3)
        #expect(generation.finishReason == .stopped)
    }

    @Test func threadsDoNotChangeTheResult() throws {
        var results: [[Float]] = []
        for threads in [1, 2, 3] {
            let model = try ReferenceModel.load("v15", threads: threads)
            var request = GenerationRequest(tokens: [300, 301, 302, 303])
            request.seed = 11
            request.maxPatches = 4
            results.append(try model.generate(request).samples)
        }
        #expect(results[0] == results[1] && results[0] == results[2])
    }

    @Test func refusesWhatItCannotSpeak() throws {
        let model = try ReferenceModel.load("v15")
        #expect(throws: VoxCPMError.emptyText) { try Generation(model, GenerationRequest(tokens: [])) }
        let long = GenerationRequest(tokens: Array(repeating: 300, count: 400))
        #expect(throws: VoxCPMError.inputTooLong(positions: 401, limit: 256)) { try Generation(model, long) }
        let vocabulary = model.configuration.languageModel.vocabularySize
        #expect(throws: VoxCPMError.tokenOutOfRange(vocabulary, vocabulary: vocabulary)) {
            try model.generate(GenerationRequest(tokens: [vocabulary]))
        }
        var strange = GenerationRequest(tokens: [300])
        strange.cfg = .nan
        #expect(throws: VoxCPMError.self) { try Generation(model, strange) }
    }

    /// Contexts of the tiny models are shorter than a block of a prefill; that of the nano voice is not.
    @Test func voicesMayBeLongerThanABlock() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let model = try VoxCPMModel(CheckpointFolder(root.appendingPathComponent("models/nano")), threads: 2)
        let columns = model.configuration.latentSize
        for patches in [250, 300, 520] {
            let rows = patches * model.configuration.patchSize
            var request = GenerationRequest(tokens: [5, 6, 7])
            request.prompt = Matrix(
                rows: rows, columns: columns, values: (0..<rows * columns).map { Float($0 % 17) / 17 - 0.5 })
            request.minPatches = 1
            request.maxPatches = 1
            let speech = try model.generate(request)
            #expect(speech.patches == 1 && speech.samples.allSatisfy(\.isFinite))
        }
    }

    @Test func endsWhereTheContextEnds() throws {
        let model = try ReferenceModel.load("v15")
        var request = GenerationRequest(tokens: Array(repeating: 300, count: 253))
        request.minPatches = 100
        let speech = try model.generate(request)
        #expect(speech.finishReason == .contextFull)
        #expect(speech.patches == 3)
    }
}
