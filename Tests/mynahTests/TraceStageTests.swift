import Checkpoint
import Foundation
import MynahCommands
import TestSupport
import Testing

/// Single stages through `mynah trace`, fed with the fixtures' tensors.
struct TraceStageTests {
    static let families = ["v15", "v05b"]
    static let tolerance: Float = 1e-4

    @Test(arguments: families) func stagesEqualTheReference(family: String) throws {
        let file = Fixtures.folder.appendingPathComponent("\(family)/expected.safetensors")
        let expected = try SafetensorsFile(file)
        let stages = ["local_encoder", "quantizer", "stop", "time", "estimator", "vae_encode", "vae_decode"]
        var requests: [[String: Any]] = stages.map { ["name": "run_\($0)", "stage": $0, "inputs": file.path] }
        for (name, parameters) in try Manifest.flowCases(of: family) {
            var request = parameters
            request["name"] = name
            request["case"] = name
            request["stage"] = "flow_matching"
            request["inputs"] = file.path
            requests.append(request)
        }
        let actual = try Trace.run(["requests": requests], family: family, in: try TemporaryFolder())
        let names = requests.compactMap { $0["name"] as? String }
        let outputs = actual.tensors.keys.compactMap { full -> (full: String, short: String)? in
            guard let name = names.first(where: { full.hasPrefix($0 + ".") }) else { return nil }
            let short = String(full.dropFirst(name.count + 1))
            return expected.tensors[short] == nil ? nil : (full, short)
        }
        for (full, short) in outputs {
            #expect(actual.tensors[full]?.shape == expected.tensors[short]?.shape, "\(family) \(short)")
            let (left, right) = (try actual.floats(full), try expected.floats(short))
            #expect(relativeError(left, right) < Self.tolerance, "\(family) \(short): \(relativeError(left, right))")
            if short == "vae.decode_out" { #expect(signalToNoise(left, right) > 80) }
        }
        let inputs: Set = ["locenc.in", "fsq.in", "stop.in", "time.t", "cfm.z", "cfm.mu", "cfm.cond"]
        let wanted = expected.tensors.keys.filter { name in
            !inputs.contains(name) && !name.hasPrefix("gen_") && !name.hasPrefix("stream_")
                && !["vae.encode_in", "vae.decode_in"].contains(name)
                && !(name.hasPrefix("dit.") && name != "dit.out")
        }
        let missing = Set(wanted).subtracting(outputs.map(\.short))
        #expect(missing.isEmpty, "\(family): \(missing.sorted()) not written")
    }

    /// Ids of every text of the fixtures, as the reference's tokenizer gives them.
    @Test(arguments: families) func tokenizer(family: String) throws {
        struct Cases: Decodable {
            struct Case: Decodable {
                let text: String
                let ids: [Int]
            }
            let cases: [Case]
        }
        let file = Fixtures.folder.appendingPathComponent("\(family)/tokenizer_cases.json")
        let cases = try JSONDecoder().decode(Cases.self, from: try Data(contentsOf: file)).cases
        let requests = cases.enumerated().map { index, example in
            ["name": "case\(index)", "stage": "tokenizer", "text": example.text]
        }
        let actual = try Trace.run(["requests": requests], family: family, in: try TemporaryFolder())
        for (index, example) in cases.enumerated() {
            #expect(try actual.integers("case\(index).tokens") == example.ids, "\(example.text.debugDescription)")
        }
    }

    @Test(arguments: ["/dev/full", "/no/such/folder/t.safetensors", "/"]) func badOutputs(output: String) throws {
        let folder = try TemporaryFolder()
        let request = folder.url.appendingPathComponent("request.json")
        try Data(#"{"stage": "tokenizer", "text": "Hello"}"#.utf8).write(to: request)
        let model = Fixtures.folder.appendingPathComponent("v15/checkpoint").path
        #expect(Program.run(["trace", "--model", model, "--request", request.path, "--out", output]) == 1)
        let kind = try FileManager.default.attributesOfItem(atPath: "/dev/full")[.type] as? FileAttributeType
        #expect(kind == .typeCharacterSpecial)
    }

    /// Requests that cannot be run say so in one sentence, and write nothing.
    @Test(arguments: [
        #"{"text": "Hello.", "sed": 1}"#, #"{"text": "a", "target_text": "b"}"#, #"{"stage": "dreams"}"#,
        #"{"text": "Hello.", "prompt_text": "alone"}"#, #"{"requests": [{"text": "a"}, {"text": "b"}]}"#,
        #"{"stage": "vae_decode", "inputs": "nothing.safetensors"}"#, #"{"text": ""}"#, #"[]"#, "{", "",
        #"{"text": "a", "steps": 0}"#, #"{"text": "a", "cfg": "much"}"#, #"{"tokens": [1, 2, 99999]}"#,
        #"{"text": "a", "noise": {"file": "x.safetensors", "colour": 1}}"#, #"{"text": "a", "max_patches": 0}"#,
        #"{"text": "a", "patches": -3}"#, #"{"text": "a", "seed": 1.5}"#, #"{"requests": []}"#,
    ]) func badRequests(text: String) throws {
        let folder = try TemporaryFolder()
        let request = folder.url.appendingPathComponent("request.json")
        try Data(text.utf8).write(to: request)
        let output = folder.url.appendingPathComponent("out.safetensors")
        let code = Program.run([
            "trace", "--model", Fixtures.folder.appendingPathComponent("v15/checkpoint").path, "--request",
            request.path, "--out", output.path,
        ])
        #expect(code == 1)
        #expect(!FileManager.default.fileExists(atPath: output.path))
    }
}
