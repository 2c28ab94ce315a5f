import Checkpoint
import Compute
import GPU
import TestSupport
import Testing

@testable import VoxCPM

/// Whole generations on the first OpenCL device against the reference, with the model's code as it is.
@Suite(.serialized, .enabled(if: TestDevices.areThere, "no OpenCL device; install pocl-opencl-icd"))
struct OnDeviceTests {
    static let scenarios = ReferenceScenario.all.filter {
        ["gen_plain", "gen_prompt_one_patch"].contains($0.name)
    }

    private func model(
        _ family: String, precision: Precision = .f32, halves: Bool = false
    ) throws -> (model: VoxCPMModel, device: GPUBackend) {
        let device = GPUBackend(try TestDevices.first(), halves: halves)
        return (try ReferenceModel.load(family, precision: precision, device: device), device)
    }

    @Test(arguments: scenarios) func equalsTheReference(scenario: ReferenceScenario) throws {
        try scenario.run(on: model(scenario.family).model, tolerance: 1e-4)
    }

    /// Checkpoints that come in bfloat16 lose nothing in it.
    @Test func smallWeightsOfSmallCheckpointsEqualTheReference() throws {
        for scenario in Self.scenarios where scenario.family == "v15_bf16" {
            try scenario.run(on: model(scenario.family, precision: .bf16).model, tolerance: 1e-4)
        }
    }

    /// What halves would hurt most, the AudioVAE and the small layers between the transformers, stays as it is. One family
    /// has weights in 32-bit floats and an AudioVAE that makes a hundred times as much of every difference: see below.
    @Test(arguments: scenarios.filter { $0.family != "v15" }) func halvesStayClose(scenario: ReferenceScenario) throws {
        try scenario.run(on: model(scenario.family, halves: true).model, tolerance: 2e-3)
    }

    /// Halves round the weights of the transformers and change nothing else.
    @Test(arguments: scenarios.filter { $0.family == "v15" }) func halvesRoundWeightsOnly(
        scenario: ReferenceScenario
    ) throws {
        let rounded = try RoundedCheckpoint(of: scenario.family)
        let onProcessor = try VoxCPMModel(try CheckpointFolder(rounded.folder), threads: 2)
        try rounded.remove()
        let expected = try ReferenceModel.expected(scenario.family)
        func speak(_ model: VoxCPMModel) throws -> (parts: TraceRecorder, samples: [Float]) {
            let trace = TraceRecorder()
            return (trace, try model.generate(try scenario.request(expected), trace: trace).samples)
        }
        let (parts, samples) = try speak(onProcessor)
        let (partsOnDevice, samplesOnDevice) = try speak(model(scenario.family, halves: true).model)
        for (name, part) in parts.tensors {
            let error = relativeError(partsOnDevice.tensors[name]?.values ?? [], part.values)
            #expect(error < 1e-4, "\(name): \(error)")
        }
        let error = relativeError(samplesOnDevice, samples)
        #expect(error < 1e-4, "\(error)")
    }

    /// Tensor cores take numbers apart and lose nothing; what stands in for them where there are none is as exact.
    @Test(arguments: [Precision.bf16, .int8]) func tensorCoresStayClose(precision: Precision) throws {
        for scenario in Self.scenarios where scenario.family == "v15_bf16" {
            let expected = try ReferenceModel.expected(scenario.family)
            let latents = try [false, true].map { usesTensorCores in
                let device = GPUBackend(try TestDevices.first(), usesTensorCores: usesTensorCores)
                let model = try ReferenceModel.load(scenario.family, precision: precision, device: device)
                if precision == .bf16 { try scenario.run(on: model, tolerance: 1e-4) }
                let trace = TraceRecorder()
                _ = try model.generate(try scenario.request(expected), trace: trace)
                return try #require(trace.tensors["latent"]).values
            }
            let error = relativeError(latents[1], latents[0])
            #expect(error < 1e-4, "\(error)")
        }
    }

    /// Several sequences in one engine, one of them put aside for a while: what each says is what it says alone.
    @Test func sequencesShareADevice() throws {
        let (model, _) = try model("v15")
        let requests = (0..<3).map { index in
            var request = GenerationRequest(tokens: Array(300..<304 + index))
            request.seed = UInt64(index)
            request.maxPatches = 4
            return request
        }
        let alone = try requests.map { try model.generate($0).samples }
        let engine = try PatchEngine(model, EngineCapacity(sequences: 3, positions: 32))
        var samples: [SequenceID: [Float]] = [:]
        let ids = try requests.map { try engine.admit($0) }
        engine.pause(ids[0])
        for made in try engine.step() { samples[made.id, default: []] += made.patch.samples }
        engine.resume(ids[0])
        while engine.sequenceCount > 0 {
            for made in try engine.step() { samples[made.id, default: []] += made.patch.samples }
        }
        for (id, expected) in zip(ids, alone) {
            let error = relativeError(samples[id] ?? [], expected)
            #expect(error < 1e-4, "\(error)")
        }
    }

    /// Recorded chains of steps give what the steps give one by one, to the bit, whoever joins and leaves.
    @Test func recordingsChangeNothing() throws {
        func speak(recordsChains: Bool) throws -> (samples: [SequenceID: [Float]], device: GPUBackend) {
            let device = GPUBackend(try TestDevices.first(), recordsChains: recordsChains)
            let model = try ReferenceModel.load("v15", precision: .f32, device: device)
            let engine = try PatchEngine(model, EngineCapacity(sequences: 3, positions: 48))
            var samples: [SequenceID: [Float]] = [:]
            func admit(_ index: Int) throws {
                var request = GenerationRequest(tokens: Array(300..<303 + index))
                request.seed = UInt64(index)
                request.minPatches = 6 + 3 * index
                request.maxPatches = 6 + 3 * index
                request.steps = index == 3 ? 5 : 4
                _ = try engine.admit(request)
            }
            func step() throws {
                for made in try engine.step() { samples[made.id, default: []] += made.patch.samples }
            }
            for index in 0..<2 { try admit(index) }
            for _ in 0..<4 { try step() }
            for index in 2..<4 where engine.freePlaces > 0 { try admit(index) }
            while engine.sequenceCount > 0 { try step() }
            return (samples, device)
        }
        let (recorded, replaying) = try speak(recordsChains: true)
        let (direct, _) = try speak(recordsChains: false)
        #expect(recorded == direct && recorded.count == 3)
        #expect(replaying.replayCount > 20, "\(replaying.replayCount)")
    }

    /// Without a trace, whose reader looks in between, the sound comes from recorded chains.
    @Test(arguments: scenarios) func recordedSoundEqualsTheReference(scenario: ReferenceScenario) throws {
        let (model, device) = try model(scenario.family)
        let expected = try ReferenceModel.expected(scenario.family)
        let retry = scenario.retryRatio.map { RetryPolicy(maxAttempts: 3, patchesPerToken: $0) }
        let speech = try model.generate(try scenario.request(expected), retry: retry)
        let error = relativeError(speech.samples, try expected.floats("\(scenario.name).audio"))
        #expect(error < 1e-4, "\(error)")
        #expect(device.replayCount > 0)
    }

    @Test func eightBitWeightsStayClose() throws {
        var request = GenerationRequest(tokens: [300, 301, 302, 303])
        request.maxPatches = 1
        func latents(_ model: VoxCPMModel) throws -> [Float] {
            let generation = try Generation(model, request)
            return try #require(try generation.next()).latents
        }
        let exact = try latents(ReferenceModel.load("v15"))
        let onDevice = relativeError(try latents(model("v15", precision: .int8).model), exact)
        let onProcessor = relativeError(try latents(ReferenceModel.load("v15", precision: .int8)), exact)
        // Only the processor rounds activations, too.
        #expect(onDevice < max(2 * onProcessor, 0.05), "\(onDevice) beside \(onProcessor)")
    }

    @Test func launchesOfAPatchDoNotGrow() throws {
        let (model, device) = try model("v15")
        let engine = try PatchEngine(model, EngineCapacity(positions: 32))
        let launches = try engine.launchesOfSteps(on: device).map(\.launches)
        #expect(Set(launches).count == 1, "\(launches)")
    }

    @Test func aDeviceThatFailsInTheMiddleFailsTheSpeech() throws {
        let books = DeviceDouble.Books()
        let model = try ReferenceModel.load(
            "v15", device: GPUBackend(try DeviceDouble(TestDevices.first(), books)))
        let engine = try PatchEngine(model, EngineCapacity(positions: 64))
        books.failAfter(400)
        #expect(throws: DeviceDouble.failure) { try engine.speak(patches: 40) }
        #expect(engine.sequenceCount == 0 && engine.freePlaces == 1)
        #expect(throws: DeviceDouble.failure) { try engine.speak(patches: 40) }
        #expect(engine.freePlaces == 1)
    }
}
