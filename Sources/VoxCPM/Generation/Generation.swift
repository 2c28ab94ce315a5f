import Checkpoint
import Compute

/// The patch loop: one request in, one patch of speech out at each call of ``next()``.
///
/// It computes on the thread that calls it, and nothing between two calls: whoever wants to cancel stops calling. A
/// generation belongs to one thread, and one generation of a model runs at a time.
///
/// Reference: `VoxCPMModel._inference` and `_generate`.
public final class Generation {
    public let model: VoxCPMModel
    public let request: GenerationRequest
    /// Why the generation ended, once ``next()`` has returned nil.
    public private(set) var finishReason: FinishReason?
    /// Seconds spent in each stage so far.
    public private(set) var timings = StageTimings()

    private let workspace: GenerationWorkspace
    private let trace: TraceRecorder?
    private let plan: FlowMatching.Plan
    private let decoder: AudioVAEDecoderState
    private var noise: NoiseSource
    private var caches: (semantic: KeyValueCache, residual: KeyValueCache)
    private var state: Prefill.State?
    private var index = 0
    private var samplesToDrop = 0
    private let limit: Int

    /// - Throws: ``VoxCPMError`` where a parameter is out of range or the text does not fit.
    public convenience init(_ model: VoxCPMModel, _ request: GenerationRequest) throws {
        try self.init(model, request, trace: nil)
    }

    init(_ model: VoxCPMModel, _ request: GenerationRequest, trace: TraceRecorder?) throws {
        try request.validate()
        let configuration = model.configuration
        let patchSize = configuration.patchSize
        if let prompt = request.prompt {
            guard prompt.columns == configuration.latentSize, prompt.rows % patchSize == 0, prompt.rows > 0 else {
                throw VoxCPMError.shapeMismatch(
                    "prompt", expected: [patchSize, configuration.latentSize], found: [prompt.rows, prompt.columns])
            }
        }
        let positions = request.tokens.count + 1 + (request.prompt?.rows ?? 0) / patchSize
        guard positions <= configuration.maxLength else {
            throw VoxCPMError.inputTooLong(positions: positions, limit: configuration.maxLength)
        }
        self.model = model
        self.request = request
        self.trace = trace
        noise = try NoiseSource(request, configuration)
        limit = min(request.patchLimit, noise.patchLimit)
        let slots = min(configuration.maxLength, positions + limit)
        caches = (
            model.semanticLM.language.transformer.makeCache(slots: slots),
            model.residualLM.language.transformer.makeCache(slots: slots)
        )
        workspace = GenerationWorkspace(model)
        decoder = model.audioVAE.makeDecoder(maxChunk: patchSize)
        plan = model.flowMatching.plan(
            FlowSchedule(steps: request.steps, sway: request.sway, zeroStar: request.zeroStar), cfg: request.cfg,
            zeroStar: request.zeroStar, backend: model.backend)
    }

    /// Makes the next patch, or returns nil when the speech is over.
    ///
    /// The first call also reads text and prompt.
    public func next() throws -> Patch? {
        if finishReason != nil { return nil }
        let state = try self.state ?? start()
        let backend = model.backend

        timings.measure(.diffusion) { makePatch(from: state) }
        let latents = workspace.patch.values()
        let samples = timings.measure(.vaeDecode) { decode(workspace.patch) }
        timings.measure(.localEncoder) {
            model.localEncoder.encode(
                workspace.patch, into: workspace.embedding, workspace: workspace.stepEncoder, backend: backend)
        }
        trace?.append("step_curr_embed", shape: [workspace.embedding.columns], workspace.embedding.values())
        let patch = Patch(index: index, latents: latents, samples: samples)
        try advance(state)
        index += 1
        return patch
    }

    /// Reads text and prompt, and brings the decoder to where the prompt ends.
    private func start() throws -> Prefill.State {
        let patchSize = model.configuration.patchSize
        let prefill = Prefill(model: model, workspace: workspace, trace: trace)
        let state = try timings.measure(.prefill) {
            try prefill.run(
                tokens: request.tokens, prompt: request.prompt, semanticCache: caches.semantic,
                residualCache: caches.residual)
        }
        if let prompt = request.prompt {
            let patches = prompt.rows / patchSize
            model.backend.copy(prompt[rows: prompt.rows - patchSize..<prompt.rows], into: workspace.condition)
            // The reference decodes two patches of the prompt in front of the speech and cuts two patches off, so a
            // prompt of one patch costs the first patch of speech.
            samplesToDrop = 2 * model.configuration.promptSamplesPerPatch
            let context = prompt[rows: max(0, patches - 2) * patchSize..<prompt.rows]
            for first in stride(from: 0, to: context.rows, by: patchSize) {
                let latents = context[rows: first..<first + patchSize]
                _ = timings.measure(.vaeDecode) { decode(latents) }
            }
        } else {
            workspace.condition.fill(0)
        }
        self.state = state
        return state
    }

    /// Solves the next patch out of noise into `workspace.patch`.
    private func makePatch(from state: Prefill.State) {
        let backend = model.backend
        let mu = workspace.mu
        backend.linear(state.semantic, norm: nil, model.semanticToDiT, into: mu, .store)
        backend.linear(state.residual, norm: nil, model.residualToDiT, into: mu, .residual(mu, scale: 1))
        noise.fill(workspace.patch, patch: index)
        trace?.append("step_mu", shape: [mu.columns], mu.values())
        trace?.appendTransposed("step_cond", workspace.condition)
        trace?.appendTransposed("noise", workspace.patch)
        model.flowMatching.solve(
            workspace.patch, mu: mu, condition: workspace.condition, plan: plan, workspace: workspace.flowMatching,
            backend: backend)
        trace?.appendTransposed("pred_feat", workspace.patch)
    }

    /// Asks whether the speech is over, and otherwise takes both language models one step further.
    private func advance(_ state: Prefill.State) throws {
        let backend = model.backend
        let stops = timings.measure(.languageModel) {
            model.stopPredictor.logits(
                state.semantic, scratch: workspace.scratch, into: workspace.stopLogits, backend: backend)
            let logits = workspace.stopLogits.values()
            trace?.append("stop_logits", shape: [2], logits)
            return logits[1] > logits[0]
        }
        if index > request.minPatches && stops {
            finishReason = .stopped
        } else if index + 1 >= limit {
            finishReason = .patchLimit
        } else if state.positions + index >= caches.semantic.slots {
            finishReason = .contextFull
        } else {
            timings.measure(.languageModel) { step(state) }
            backend.copy(workspace.patch, into: workspace.condition)
        }
    }

    /// One step of the semantic model, the quantiser and the residual model.
    private func step(_ state: Prefill.State) {
        let backend = model.backend
        let plan = RowPlan.steps([(position: state.positions + index, base: 0)])
        let hidden = workspace.hidden
        backend.copy(workspace.embedding, into: hidden)
        model.semanticLM.language.step(
            hidden, plan: plan, cache: caches.semantic, into: state.semantic, workspace: workspace.semantic,
            backend: backend)
        trace?.append("step_base_hidden", shape: [hidden.columns], state.semantic.values())
        model.quantizer.quantize(state.semantic, levels: workspace.levels, into: state.semantic, backend: backend)
        trace?.append("step_base_fsq", shape: [hidden.columns], state.semantic.values())
        backend.add(state.semantic, workspace.embedding, into: hidden)
        trace?.append("step_residual_in", shape: [hidden.columns], hidden.values())
        model.residualLM.language.step(
            hidden, plan: plan, cache: caches.residual, into: state.residual, workspace: workspace.residual,
            backend: backend)
        trace?.append("step_residual_hidden", shape: [hidden.columns], state.residual.values())
    }

    /// Decodes one patch with the decoder's state, and drops what belongs to the prompt.
    private func decode(_ latents: Matrix) -> [Float] {
        trace?.append("latent", shape: [latents.rows, latents.columns], latents.values())
        let samples = Array(decoder.decode(latents))
        let dropped = min(samplesToDrop, samples.count)
        samplesToDrop -= dropped
        let kept = Array(samples.dropFirst(dropped))
        trace?.append("audio", shape: [], kept)
        return kept
    }
}
