import Checkpoint
import Compute

extension PatchEngine {
    /// Makes the next patch of every sequence. Those that end with it have left when this returns.
    ///
    /// Lays out nothing but what it returns.
    ///
    /// - Returns: One patch for each sequence; empty where there is none.
    /// - Throws: What the backend failed with. What the sequences have said since is lost; those that have not left can
    ///   only be removed.
    public func step() throws -> [SequencePatch] {
        let count = rows.count
        guard count > 0 else { return [] }
        let patches = workspace.patches.prefix(count * model.configuration.patchSize)
        measure(.diffusion) {
            for row in 0..<count { rows[row].drawNoise(into: patches[rows: patchRows(row)]) }
            recordPatches("noise", patches)
            chain("patches", [count] + flowPlans.flatMap(\.key)) { makePatches(patches) }
        }
        let stops = workspace.stopLogits.prefix(count)
        measure(.languageModel) {
            chain("stop", [count]) {
                model.stopPredictor.logits(
                    workspace.semantic.prefix(count), scratch: workspace.scratch.prefix(count), into: stops,
                    backend: model.backend)
            }
        }
        record("stop_logits", stops)
        speakers = rows
        for row in 0..<count {
            let logits = stops[rows: row..<row + 1].readable
            endings.append(rows[row].finish(stops: logits[1] > logits[0]))
        }
        speakAndGoOn()
        let results = speakers.indices.map { row in
            let latents = patches[rows: patchRows(row)]
            speakers[row].trace?.append("latent", shape: [latents.rows, latents.columns], latents.values())
            speakers[row].trace?.append("audio", shape: [], sounds[row])
            return SequencePatch(
                id: speakers[row].id,
                patch: Patch(index: speakers[row].patchCount - 1, latents: latents.values(), samples: sounds[row]),
                finishReason: endings[row])
        }
        speakers = []
        endings.removeAll(keepingCapacity: true)
        sounds.removeAll(keepingCapacity: true)
        try model.backend.check()
        return results
    }

    /// Decodes the patches, and brings the language models of all that go on to the next one. Neither needs the other,
    /// and the language models wait for memory while the decoder multiplies: so both run at the same time.
    private func speakAndGoOn() {
        besideTimings = StageTimings()
        let before = timings
        var together = false
        if model.decodesBeside {
            together = model.team.run(with: self, { $0.goOn() }, beside: model.audioTeam) { $0.speak() }
        } else {
            speak()
            goOn()
        }
        guard together else { return timings += besideTimings }
        let chain = timings - before
        timings = before
        timings.addTogether(chain, besideTimings, threads: model.team.count)
    }

    /// Decodes everybody's patch. Touches nothing that ``goOn()`` writes.
    private func speak() {
        for (row, sequence) in speakers.enumerated() {
            let latents = workspace.patches[rows: patchRows(row)]
            besideTimings.measure(.vaeDecode) {
                let samples = decoders[sequence.slab].decode(latents)
                sounds.append(Array(samples[sequence.dropped(of: samples.count)...]))
            }
        }
    }

    /// Reads the patches that were made, lets those leave that have ended, and steps the language models of the others.
    private func goOn() {
        let count = rows.count
        let patches = workspace.patches.prefix(count * model.configuration.patchSize)
        let embedding = workspace.embedding.prefix(count)
        measure(.localEncoder) {
            chain("embedding", [count]) {
                model.localEncoder.encode(
                    patches, into: embedding, workspace: workspace.encoder, backend: model.backend)
                model.backend.copy(patches, into: workspace.condition.prefix(patches.rows))
            }
        }
        record("step_curr_embed", embedding)
        for row in (0..<count).reversed() where endings[row] != nil { leave(row: row) }
        measure(.languageModel) { stepLanguageModels() }
    }

    /// Solves the rows' next patches out of noise.
    private func makePatches(_ patches: Matrix) {
        let backend = model.backend
        let count = rows.count
        let mu = workspace.mu.prefix(count)
        let condition = workspace.condition.prefix(patches.rows)
        backend.linear(workspace.semantic.prefix(count), norm: nil, model.semanticToDiT, into: mu, .store)
        backend.linear(
            workspace.residual.prefix(count), norm: nil, model.residualToDiT, into: mu, .residual(mu, scale: 1))
        record("step_mu", mu)
        recordPatches("step_cond", condition)
        model.flowMatching.solve(
            patches, mu: mu, condition: condition, plans: flowPlans, workspace: workspace.flowMatching,
            backend: backend)
        recordPatches("pred_feat", patches)
    }

    /// One step of the semantic model, the quantiser and the residual model for every row.
    private func stepLanguageModels() {
        let count = rows.count
        guard count > 0 else { return }
        for (row, sequence) in rows.enumerated() {
            stepPlan.place(row, at: sequence.position, base: arena.base(sequence.slab))
        }
        chain("language models", [count], plans: [stepPlan]) { runLanguageModels(count) }
    }

    private func runLanguageModels(_ count: Int) {
        let backend = model.backend
        let hidden = workspace.hidden.prefix(count)
        let embedding = workspace.embedding.prefix(count)
        let semantic = workspace.semantic.prefix(count)
        let residual = workspace.residual.prefix(count)
        backend.copy(embedding, into: hidden)
        model.semanticLM.language.step(
            hidden, plan: stepPlan, cache: arena.semantic, into: semantic, workspace: workspace.semanticLM,
            backend: backend)
        record("step_base_hidden", semantic)
        model.quantizer.quantize(semantic, levels: workspace.levels, into: semantic, backend: backend)
        record("step_base_fsq", semantic)
        backend.add(semantic, embedding, into: hidden)
        record("step_residual_in", hidden)
        model.residualLM.language.step(
            hidden, plan: stepPlan, cache: arena.residual, into: residual, workspace: workspace.residualLM,
            backend: backend)
        record("step_residual_hidden", residual)
    }

    /// Runs steps that a device may record; not where a sequence is traced, since tracing reads in between.
    private func chain(_ name: String, _ numbers: [Int], plans: [RowPlan] = [], _ steps: () -> Void) {
        if rows.contains(where: { $0.trace != nil }) { return steps() }
        model.backend.chain(ChainKey(name, numbers), on: chains, plans: plans, steps)
    }

    /// Records each row for the sequence that is traced.
    private func record(_ name: String, _ matrix: Matrix) {
        for (row, sequence) in rows.enumerated() {
            sequence.trace?.append(name, shape: [matrix.columns], matrix[rows: row..<row + 1].values())
        }
    }

    private func recordPatches(_ name: String, _ patches: Matrix) {
        for (row, sequence) in rows.enumerated() {
            sequence.trace?.appendTransposed(name, patches[rows: patchRows(row)])
        }
    }
}

extension PatchEngine {
    /// Reads text and prompt into a slab, and puts the loop's start into the first free row.
    func read(_ request: GenerationRequest, slab: Int, trace: TraceRecorder?) throws {
        let row = sequenceCount
        let prefill = Prefill(model: model, workspace: workspace, arena: arena, trace: trace)
        try measure(.prefill) {
            try prefill.run(tokens: request.tokens, prompt: request.prompt, slab: slab, row: row)
        }
        let condition = workspace.condition[rows: patchRows(row)]
        if let prompt = request.prompt {
            condition.copy(from: prompt[rows: prompt.rows - condition.rows..<prompt.rows])
        } else {
            condition.fill(0)
        }
    }

    /// Brings a slab's decoder to where the prompt ends.
    ///
    /// The reference decodes two patches of the prompt in front of the speech and cuts two patches off, so a prompt of
    /// one patch costs the first patch of speech.
    ///
    /// - Returns: How many samples of the speech are to be dropped.
    func startDecoder(_ prompt: Matrix?, slab: Int, trace: TraceRecorder?) -> Int {
        let decoder = decoders[slab]
        decoder.reset()
        guard let prompt else { return 0 }
        let patchSize = model.configuration.patchSize
        var rest = 2 * model.configuration.promptSamplesPerPatch
        let context = prompt[rows: max(0, prompt.rows - 2 * patchSize)..<prompt.rows]
        for first in stride(from: 0, to: context.rows, by: patchSize) {
            // In the engine's own memory, where the next step makes the sequence's patch.
            let latents = workspace.patches[rows: patchRows(sequenceCount)]
            latents.copy(from: context[rows: first..<first + patchSize])
            let count = measure(.vaeDecode) { decoder.decode(latents).count }
            rest = max(0, rest - count)
            trace?.append("latent", shape: [latents.rows, latents.columns], latents.values())
        }
        return rest
    }
}
