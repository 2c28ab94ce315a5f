import Checkpoint
import TestSupport
import Testing
import VoxCPM

/// Every stage alone, from the reference's inputs to the reference's outputs.
struct StageTests {
    static let families = ["v15", "v05b"]
    static let tolerance: Float = 1e-4

    private func check(_ family: String, _ stage: StageTracer.Stage, _ names: [String]) throws {
        let expected = try ReferenceModel.expected(family)
        let trace = TraceRecorder()
        try StageTracer(try ReferenceModel.load(family), inputs: expected, trace: trace).run(stage)
        for name in names {
            let actual = try #require(trace.tensors[name], "\(name) was not recorded")
            #expect(actual.shape == expected.tensors[name]?.shape, "\(family) \(name)")
            let error = relativeError(actual.values, try expected.floats(name))
            #expect(error < Self.tolerance, "\(family) \(name): \(error)")
        }
    }

    @Test(arguments: families) func localEncoder(family: String) throws {
        try check(family, .localEncoder, ["locenc.out"])
    }

    @Test(arguments: families) func quantizer(family: String) throws {
        try check(family, .quantizer, ["fsq.quantized", "fsq.out"])
    }

    @Test(arguments: families) func stopPredictor(family: String) throws {
        try check(family, .stop, ["stop.logits"])
    }

    @Test(arguments: families) func timeEmbedding(family: String) throws {
        try check(family, .time, ["time.sinusoidal", "time.mlp"])
    }

    @Test(arguments: families) func estimator(family: String) throws {
        try check(family, .estimator, ["dit.out"])
    }

    @Test(arguments: families) func flowMatching(family: String) throws {
        let expected = try ReferenceModel.expected(family)
        let model = try ReferenceModel.load(family)
        let cases: [(name: String, steps: Int, cfg: Float, zeroStar: Bool, sway: Float)] = [
            ("default", 10, 2, true, 1), ("n4_cfg1.5", 4, 1.5, true, 1), ("n10_cfg1", 10, 1, true, 1),
            ("n50_cfg2", 50, 2, true, 1), ("n1_cfg2", 1, 2, true, 1), ("n10_nozerostar", 10, 2, false, 1),
            ("n10_nosway", 10, 2, true, 0),
        ]
        for example in cases {
            let trace = TraceRecorder()
            var flow = StageTracer.FlowParameters()
            flow.steps = example.steps
            flow.cfg = example.cfg
            flow.zeroStar = example.zeroStar
            flow.sway = example.sway
            flow.name = "cfm.\(example.name)"
            try StageTracer(model, inputs: expected, trace: trace).run(.flowMatching, flow: flow)
            for part in ["t_span", "out"] {
                let name = "cfm.\(example.name).\(part)"
                let error = relativeError(try #require(trace.tensors[name]).values, try expected.floats(name))
                #expect(error < Self.tolerance, "\(family) \(name): \(error)")
            }
        }
    }
}
