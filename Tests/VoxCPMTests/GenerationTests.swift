import Checkpoint
import Compute
import TestSupport
import Testing
import VoxCPM

/// Whole generations against the reference, from the same tokens, prompt latents and seed.
struct GenerationTests {
    /// A scenario of the fixtures.
    struct Scenario: Sendable, CustomTestStringConvertible {
        let family: String
        let name: String
        let seed: UInt64
        var minPatches = 2
        var maxPatches: Int
        var steps = 10
        var cfg: Float = 2
        var retryRatio: Double?

        var testDescription: String { "\(family) \(name)" }
    }

    static let scenarios: [Scenario] =
        ["v15", "v05b"].flatMap { family in
            [
                Scenario(family: family, name: "gen_plain", seed: 2, maxPatches: 76),
                Scenario(family: family, name: "gen_prompt", seed: 3, maxPatches: 88),
                Scenario(family: family, name: "gen_maxlen", seed: 2, minPatches: 7, maxPatches: 8),
                Scenario(family: family, name: "gen_n4", seed: 4, maxPatches: 2, steps: 4, cfg: 1.3),
                Scenario(family: family, name: "gen_prompt_one_patch", seed: 5, minPatches: 3, maxPatches: 4),
                Scenario(family: family, name: "gen_prompt_stereo", seed: 7, maxPatches: 3),
            ]
        } + [
            Scenario(family: "v15_bf16", name: "gen_plain", seed: 2, maxPatches: 76),
            Scenario(family: "v15_bf16", name: "gen_prompt", seed: 3, maxPatches: 88),
        ]

    @Test(arguments: scenarios) func equalsTheReference(scenario: Scenario) throws {
        let expected = try ReferenceModel.expected(scenario.family)
        let model = try ReferenceModel.load(scenario.family)
        let trace = TraceRecorder()
        let speech = try model.generate(
            try request(scenario, expected: expected, model: model), retry: nil as RetryPolicy?, trace: trace)
        let wanted = expected.tensors.keys.filter { $0.hasPrefix(scenario.name + ".") }.sorted()
        var compared = 0
        for full in wanted {
            let name = String(full.dropFirst(scenario.name.count + 1))
            guard let actual = trace.tensors[name] else { continue }
            #expect(actual.shape == expected.tensors[full]?.shape, "\(scenario.testDescription) \(name)")
            let error = relativeError(actual.values, try expected.floats(full))
            #expect(error < 2e-3, "\(scenario.testDescription) \(name): \(error)")
            compared += 1
        }
        #expect(compared >= 5, "only \(compared) tensors were compared")
        let audio = try expected.floats("\(scenario.name).audio")
        #expect(speech.samples.count == audio.count)
        #expect(relativeError(speech.samples, audio) < 2e-3)
    }

    private func request(
        _ scenario: Scenario, expected: SafetensorsFile, model: VoxCPMModel
    ) throws -> GenerationRequest {
        let all = try expected.integers("\(scenario.name).tokens")
        let text = Array(all.prefix { $0 != VoxCPMModel.audioStartToken })
        var request = GenerationRequest(tokens: text)
        if let info = expected.tensors["\(scenario.name).prompt_feat"] {
            let rows = info.shape[0] * info.shape[1]
            request.prompt = Matrix(
                rows: rows, columns: info.shape[2], values: try expected.floats("\(scenario.name).prompt_feat"))
        }
        request.seed = scenario.seed
        request.minPatches = scenario.minPatches
        request.maxPatches = scenario.maxPatches
        request.patchesPerToken = 1000
        request.steps = scenario.steps
        request.cfg = scenario.cfg
        return request
    }
}
