import AudioIO
import Checkpoint
import Compute
import Foundation
import SpeechEngine
import TextFrontend
import VoxCPM

/// Runs the requests of a trace with one model and collects their tensors.
final class TraceRunner {
    private let checkpoint: CheckpointFolder
    private let tokenizer: BPETokenizer
    private let loadModel: () throws -> VoxCPMModel
    private var loaded: VoxCPMModel?

    /// - Parameter loadModel: Called when the first request needs the model.
    init(_ checkpoint: CheckpointFolder, loadModel: @escaping () throws -> VoxCPMModel) throws {
        self.checkpoint = checkpoint
        self.loadModel = loadModel
        tokenizer = try BPETokenizer(contentsOf: checkpoint.tokenizerFile)
    }

    /// Runs a request.
    ///
    /// - Returns: Its tensors, under the fixtures' names.
    func run(_ request: TraceRequest) throws -> TraceTensors {
        let trace = TraceRecorder()
        switch request.work {
        case .tokenizer(let text):
            trace.set("tokens", integers: tokenizer.encode(text))
        case .stage(let stage, let inputs, let flow):
            try StageTracer(try model(), inputs: try SafetensorsFile(inputs), trace: trace).run(stage, flow: flow)
        case .generate(let generation):
            try generate(generation, trace)
        }
        return TraceTensors(trace, prefix: request.name.map { $0 + "." } ?? "")
    }

    private func model() throws -> VoxCPMModel {
        if let loaded { return loaded }
        let model = try loadModel()
        loaded = model
        return model
    }

    private func generate(_ generation: TraceGeneration, _ trace: TraceRecorder) throws {
        let model = try model()
        let request = try request(generation, model)
        let promptPatches = (request.prompt?.rows ?? 0) / model.configuration.patchSize
        let text = request.tokens + [VoxCPMModel.audioStartToken]
        let zeros = Array(repeating: 0, count: promptPatches)
        let textOnes = Array(repeating: 1, count: text.count)
        trace.set("tokens", integers: text + zeros)
        trace.set("text_mask", integers: textOnes + zeros)
        trace.set("audio_mask", integers: textOnes.map { _ in 0 } + zeros.map { _ in 1 })
        if let prompt = request.prompt {
            trace.set(
                "prompt_feat", shape: [promptPatches, model.configuration.patchSize, prompt.columns], prompt.values())
        }
        let windows = generation.streaming ? ReferenceStreaming(model, prompt: request.prompt) : nil
        var fault: (any Error)?
        _ = try model.generate(request, retry: generation.retry, trace: trace) { patch in
            do { try windows?.append(patch, to: trace) } catch { fault = error }
            return fault == nil
        }
        if let fault { throw fault }
    }

    private func request(_ generation: TraceGeneration, _ model: VoxCPMModel) throws -> GenerationRequest {
        var request: GenerationRequest
        switch generation.text {
        case .text(let text):
            let feed = TextFeed(tokenizer: tokenizer, phonemizer: nil)
            let tokens = feed.tokens(prompt: generation.promptText, text: text)
            request = GenerationRequest(tokens: tokens.all, targetTokenCount: tokens.targetCount)
        case .tokens(let ids, let targetCount):
            // As the fixtures write them, audio start and one zero for each patch of the prompt may follow.
            let tokens = Array(ids.prefix { $0 != VoxCPMModel.audioStartToken })
            request = GenerationRequest(tokens: tokens, targetTokenCount: targetCount ?? tokens.count)
        }
        request.prompt = try generation.prompt.map { try latents($0, model) }
        request.noise = try generation.noise.map { try SafetensorsFile($0.file).floats($0.tensor) }
        request.seed = generation.seed
        request.temperature = generation.temperature
        request.cfg = generation.cfg
        request.steps = generation.steps
        request.zeroStar = generation.zeroStar
        request.sway = generation.sway
        request.minPatches = generation.minPatches
        request.maxPatches = generation.maxPatches
        request.patchesPerToken = generation.patchesPerToken
        if let patches = generation.patches {
            request.minPatches = patches
            request.maxPatches = patches
            request.patchesPerToken = Double(patches)
        }
        return request
    }

    private func latents(_ prompt: TraceGeneration.Prompt, _ model: VoxCPMModel) throws -> Matrix {
        switch prompt {
        case .audio(let file):
            let audio = try AudioFile.readMono(file, sampleRateHz: model.sampleRateHz, method: .reference)
            return try model.encodePrompt(audio.samples)
        case .latents(let reference):
            let file = try SafetensorsFile(reference.file)
            let values = try file.floats(reference.tensor)
            let columns = model.configuration.latentSize
            let shape = try file.info(reference.tensor).shape
            guard shape.last == columns, !values.isEmpty else {
                throw VoxCPMError.shapeMismatch(
                    reference.tensor, expected: [-1, model.configuration.patchSize, columns], found: shape)
            }
            return Matrix(rows: values.count / columns, columns: columns, values: values)
        }
    }
}
