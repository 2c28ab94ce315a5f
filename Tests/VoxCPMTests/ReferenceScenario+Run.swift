import Checkpoint
import Compute
import TestSupport
import Testing
import VoxCPM

extension ReferenceScenario {
    /// Speaks, and compares all that is recorded on the way, and the sound, with the reference.
    ///
    /// - Parameters:
    ///   - tolerance: The relative error that is borne.
    ///   - comparesSound: Whether the sound is compared, too, and not only what it is made of.
    func run(on model: VoxCPMModel, tolerance: Float, comparesSound: Bool = true) throws {
        let expected = try ReferenceModel.expected(family)
        let trace = TraceRecorder()
        let retry = retryRatio.map { RetryPolicy(maxAttempts: 3, patchesPerToken: $0) }
        let speech = try model.generate(try request(expected), retry: retry, trace: trace)
        let wanted = expected.tensors.keys.filter { $0.hasPrefix(name + ".") }.sorted()
        var compared = 0
        for full in wanted {
            let part = String(full.dropFirst(name.count + 1))
            guard let actual = trace.tensors[part], comparesSound || part != "audio" else { continue }
            #expect(actual.shape == expected.tensors[full]?.shape, "\(testDescription) \(part)")
            let error = relativeError(actual.values, try expected.floats(full))
            #expect(error < tolerance, "\(testDescription) \(part): \(error)")
            compared += 1
        }
        #expect(compared >= 5, "only \(compared) tensors were compared")
        guard comparesSound else { return }
        let audio = try expected.floats("\(name).audio")
        #expect(speech.samples.count == audio.count)
        let error = relativeError(speech.samples, audio)
        #expect(error < tolerance, "\(testDescription) audio: \(error)")
    }

    /// What the reference was asked.
    func request(_ expected: SafetensorsFile) throws -> GenerationRequest {
        let all = try expected.integers("\(name).tokens")
        var request = GenerationRequest(tokens: Array(all.prefix { $0 != VoxCPMModel.audioStartToken }))
        if let info = expected.tensors["\(name).prompt_feat"] {
            let rows = info.shape[0] * info.shape[1]
            request.prompt = Matrix(
                rows: rows, columns: info.shape[2], values: try expected.floats("\(name).prompt_feat"))
        }
        request.seed = seed
        request.minPatches = minPatches
        request.maxPatches = maxPatches
        request.patchesPerToken = 1000
        request.steps = steps
        request.cfg = cfg
        return request
    }
}
