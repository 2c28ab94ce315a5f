import Checkpoint
import Compute
import GPU
import TestSupport
import Testing

@testable import VoxCPM

/// Whole generations through NVIDIA's driver, on a double of it, against the reference: the order of calls, recorded
/// chains, memory. What the kernels compute there is what their OpenCL source says, see `cuda_double.h`.
@Suite(.serialized, .enabled(if: CUDADouble.isThere, "no OpenCL device; install pocl-opencl-icd"))
struct OnCUDATests {
    @Test(arguments: OnDeviceTests.scenarios) func equalsTheReference(scenario: ReferenceScenario) throws {
        let device = GPUBackend(try CUDADouble().open())
        try scenario.run(on: ReferenceModel.load(scenario.family, device: device), tolerance: 1e-4)
    }

    /// Without a trace, whose reader looks in between, the sound comes from graphs; and all is given back in the end.
    @Test(arguments: OnDeviceTests.scenarios) func soundFromGraphsEqualsTheReference(
        scenario: ReferenceScenario
    ) throws {
        let double = try CUDADouble()
        do {
            let device = GPUBackend(try double.open())
            let model = try ReferenceModel.load(scenario.family, device: device)
            let expected = try ReferenceModel.expected(scenario.family)
            let retry = scenario.retryRatio.map { RetryPolicy(maxAttempts: 3, patchesPerToken: $0) }
            let speech = try model.generate(try scenario.request(expected), retry: retry)
            let error = relativeError(speech.samples, try expected.floats("\(scenario.name).audio"))
            #expect(error < 1e-4, "\(error)")
            #expect(device.replayCount > 0)
        }
        #expect(try double.launches.ofGraphs > 100)
        #expect(try double.live == 0)
    }

    /// The speech fails with the driver's words, its place is free, and the model can be loaded again.
    @Test func aDeviceThatIsLostInTheMiddleFailsTheSpeech() throws {
        let double = try CUDADouble()
        try double.fail("cuLaunchKernel", code: 719, after: 400)
        do {
            let model = try ReferenceModel.load("v15", device: GPUBackend(try double.open()))
            let engine = try PatchEngine(model, EngineCapacity(positions: 64))
            #expect(throws: DeviceError.self) { try engine.speak(patches: 40) }
            #expect(engine.sequenceCount == 0 && engine.freePlaces == 1)
        }
        var request = GenerationRequest(tokens: [300, 301])
        request.minPatches = 2
        request.maxPatches = 2
        let anew = try ReferenceModel.load("v15", device: GPUBackend(try double.open()))
        #expect(try anew.generate(request).samples.count > 0)
    }
}
