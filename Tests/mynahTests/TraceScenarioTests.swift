import Checkpoint
import Foundation
import MynahCommands
import TestSupport
import Testing

/// `mynah trace` against the reference: every scenario of the fixtures' manifest, from text and recording to tensors.
struct TraceScenarioTests {
    static let families = ["v15", "v05b", "v15_bf16"]
    /// Whole generations; errors grow from patch to patch.
    static let tolerance: Float = 2e-3

    @Test(arguments: families) func scenariosEqualTheReference(family: String) throws {
        let scenarios = try Manifest.scenarios(of: family)
        let folder = try TemporaryFolder()
        let requests = scenarios.map { scenario -> [String: Any] in
            var request = scenario.parameters
            request["name"] = scenario.name
            // The recordings are named relative to the family's folder.
            if let recording = request["prompt_wav"] as? String {
                request["prompt_wav"] = Fixtures.folder.appendingPathComponent("\(family)/\(recording)").path
            }
            return request
        }
        let actual = try Trace.run(["requests": requests], family: family, in: folder)
        let expected = try SafetensorsFile(Fixtures.folder.appendingPathComponent("\(family)/expected.safetensors"))
        for scenario in scenarios {
            let names = expected.tensors.keys.filter { $0.hasPrefix(scenario.name + ".") }.sorted()
            #expect(names.count >= 3)
            for name in names { try compare(name, actual, expected, family: family) }
        }
    }

    private func compare(
        _ name: String, _ actual: SafetensorsFile, _ expected: SafetensorsFile, family: String
    ) throws {
        guard let info = actual.tensors[name] else {
            Issue.record("\(family) \(name) was not written")
            return
        }
        let wanted = try expected.info(name)
        #expect(info.shape == wanted.shape, "\(family) \(name)")
        if wanted.type == .i64 {
            #expect(info.type == .i64)
            #expect(try actual.integers(name) == expected.integers(name), "\(family) \(name)")
        } else {
            let error = relativeError(try actual.floats(name), try expected.floats(name))
            #expect(error < Self.tolerance, "\(family) \(name): \(error)")
        }
        if name.hasSuffix(".audio") {
            let decibels = signalToNoise(try actual.floats(name), try expected.floats(name))
            // The model's own error is in here; the autoencoder alone reaches 80 dB and more, see the stages.
            #expect(decibels > 55, "\(family) \(name): \(decibels) dB")
        }
    }

    /// The reference's own noise instead of the seed gives the same speech, attempt by attempt.
    @Test(arguments: ["gen_plain", "gen_retry"]) func noiseMayBeGiven(name: String) throws {
        let folder = try TemporaryFolder()
        let file = Fixtures.folder.appendingPathComponent("v15/expected.safetensors")
        var request = try #require(try Manifest.scenarios(of: "v15").first { $0.name == name }).parameters
        request["seed"] = 999
        request["noise"] = ["file": file.path, "tensor": "\(name).noise"]
        let actual = try Trace.run(request, family: "v15", in: folder)
        let expected = try SafetensorsFile(file)
        for tensor in ["pred_feat", "audio"] {
            let error = relativeError(try actual.floats(tensor), try expected.floats("\(name).\(tensor)"))
            #expect(error < Self.tolerance, "\(tensor): \(error)")
        }
    }

    /// Ids and latents instead of text and recording.
    @Test func tokensAndLatentsMayBeGiven() throws {
        let folder = try TemporaryFolder()
        let file = Fixtures.folder.appendingPathComponent("v15/expected.safetensors")
        let expected = try SafetensorsFile(file)
        let scenario = try #require(try Manifest.scenarios(of: "v15").first { $0.name == "gen_prompt" }).parameters
        let request: [String: Any] = [
            "tokens": try expected.integers("gen_prompt.tokens"), "seed": scenario["seed"] ?? 0,
            "patches": scenario["patches_computed"] ?? 0,
            "prompt_latents": ["file": file.path, "tensor": "gen_prompt.prompt_feat"],
        ]
        let actual = try Trace.run(request, family: "v15", in: folder)
        let error = relativeError(try actual.floats("audio"), try expected.floats("gen_prompt.audio"))
        #expect(error < Self.tolerance, "\(error)")
    }
}
