import Testing
import VoxCPM

/// The temperature scales what patches are made of, and nothing else.
struct TemperatureTests {
    private var request: GenerationRequest {
        var request = GenerationRequest(tokens: [300, 301, 302, 303])
        request.seed = 11
        request.maxPatches = 3
        return request
    }

    @Test func scalesTheNoiseOfTheSeed() throws {
        let model = try ReferenceModel.load("v15")
        let trace = TraceRecorder()
        _ = try model.generate(request, retry: nil, trace: trace)
        let noise = try #require(trace.tensors["noise"])

        var colder = request
        colder.temperature = 0.5
        var given = request
        given.noise = noise.values.map { 0.5 * $0 }
        #expect(try model.generate(colder).samples == model.generate(given).samples)
        #expect(try model.generate(colder).samples != model.generate(request).samples)
    }

    @Test(arguments: [-0.1, 11, Float.nan]) func refusesWhatIsNoTemperature(value: Float) throws {
        var request = request
        request.temperature = value
        let model = try ReferenceModel.load("v15")
        #expect(throws: VoxCPMError.self) { try model.generate(request) }
    }
}
