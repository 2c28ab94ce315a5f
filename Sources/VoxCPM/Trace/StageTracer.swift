public import Checkpoint
import Compute

/// Runs single stages of the model on given tensors and records what comes out, under the fixtures' names.
///
/// Each stage reads its inputs from a file of tensors: `local_encoder` reads `locenc.in` and records `locenc.out`, and
/// so on; `docs/PORTING.md` lists them.
public struct StageTracer {
    let model: VoxCPMModel
    let inputs: any TensorSource
    let trace: TraceRecorder

    /// A stage that can run alone.
    public enum Stage: String, Sendable, CaseIterable, Codable {
        case localEncoder = "local_encoder"
        case quantizer
        case stop
        case time
        case estimator
        case flowMatching = "flow_matching"
        case languagePrefill = "lm_prefill"
        case languageStep = "lm_step"
        case residualPrefill = "residual_prefill"
        case residualStep = "residual_step"
        case vaeEncode = "vae_encode"
        case vaeDecode = "vae_decode"
    }

    /// The numbers of a flow-matching solve.
    public struct FlowParameters: Sendable {
        public var steps = 10
        public var cfg: Float = 2
        public var zeroStar = true
        public var sway: Float = 1
        /// What the recorded names begin with: `<prefix>.out`, `<prefix>.t_span`.
        public var name = "cfm"

        public init() {}
    }

    public init(_ model: VoxCPMModel, inputs: any TensorSource, trace: TraceRecorder) {
        self.model = model
        self.inputs = inputs
        self.trace = trace
    }

    /// Runs one stage.
    ///
    /// - Throws: ``VoxCPMError`` where an input is missing or has another shape.
    public func run(_ stage: Stage, flow: FlowParameters = FlowParameters()) throws {
        switch stage {
        case .localEncoder: try localEncoder()
        case .quantizer: try quantizer()
        case .stop: try stop()
        case .time: try time()
        case .estimator: try estimator()
        case .flowMatching: try flowMatching(flow)
        case .languagePrefill: try language(model.semanticLM.language, name: "lm", steps: false)
        case .languageStep: try language(model.semanticLM.language, name: "lm", steps: true)
        case .residualPrefill: try language(model.residualLM.language, name: "residual", steps: false)
        case .residualStep: try language(model.residualLM.language, name: "residual", steps: true)
        case .vaeEncode: try vaeEncode()
        case .vaeDecode: try vaeDecode()
        }
    }

    private var backend: any Backend { model.backend }

    /// Reads a tensor as a matrix whose columns are its last dimension.
    private func matrix(_ name: String, columns: Int) throws -> Matrix {
        guard let info = inputs.tensors[name] else { throw VoxCPMError.missingTensor(name, file: inputs.file) }
        guard info.shape.last == columns, info.count > 0 else {
            throw VoxCPMError.shapeMismatch(name, expected: [info.count / max(columns, 1), columns], found: info.shape)
        }
        return Matrix(rows: info.count / columns, columns: columns, values: try inputs.floats(name))
    }

    /// Reads patches in the reference's order, `[groups, latents, time]`, as `[groups * time, latents]`.
    private func patches(_ name: String) throws -> Matrix {
        let time = model.configuration.patchSize
        let latents = model.configuration.latentSize
        let columns = try matrix(name, columns: time)
        guard columns.rows % latents == 0 else {
            throw VoxCPMError.shapeMismatch(name, expected: [-1, latents, time], found: [columns.rows, time])
        }
        let groups = columns.rows / latents
        let values = (0..<groups).flatMap { columns[rows: $0 * latents..<($0 + 1) * latents].transposedValues() }
        return Matrix(rows: groups * time, columns: latents, values: values)
    }

    /// Records patches in the reference's order.
    private func setPatches(_ name: String, _ patches: [Matrix]) {
        let shape = [patches.count, model.configuration.latentSize, model.configuration.patchSize]
        trace.set(name, shape: shape, patches.flatMap { $0.transposedValues() })
    }

    private func localEncoder() throws {
        let input = try matrix("locenc.in", columns: model.configuration.latentSize)
        let count = input.rows / model.configuration.patchSize
        let encoded = Matrix(rows: count, columns: model.localEncoder.hiddenSize)
        let projected = Matrix(rows: count, columns: model.configuration.languageModel.hiddenSize)
        var supply = MatrixSupply.memory
        let workspace = model.localEncoder.makeWorkspace(patches: count, from: &supply)
        model.localEncoder.encode(
            input, into: projected, encoded: encoded, workspace: workspace, backend: backend)
        trace.set("locenc.out", shape: [1, count, encoded.columns], encoded.values())
        trace.set("locenc.projected", shape: [1, count, projected.columns], projected.values())
    }

    private func quantizer() throws {
        let input = try matrix("fsq.in", columns: model.configuration.languageModel.hiddenSize)
        let levels = Matrix(rows: input.rows, columns: model.quantizer.size)
        model.quantizer.quantize(input, levels: levels, into: input, backend: backend)
        trace.set("fsq.quantized", levels)
        trace.set("fsq.out", input)
    }

    private func stop() throws {
        let input = try matrix("stop.in", columns: model.configuration.languageModel.hiddenSize)
        let logits = Matrix(rows: input.rows, columns: 2)
        let scratch = Matrix(rows: input.rows, columns: input.columns)
        model.stopPredictor.logits(input, scratch: scratch, into: logits, backend: backend)
        trace.set("stop.logits", logits)
    }

    private func time() throws {
        let times = try inputs.floats("time.t")
        let estimator = model.flowMatching.estimator
        trace.set("time.sinusoidal", estimator.sinusoid(times))
        trace.set("time.mlp", estimator.timeEmbedding(times, backend: backend))
        trace.set("time.delta_mlp", estimator.deltaTimeEmbedding(times, backend: backend))
    }

    private func estimator() throws {
        let estimator = model.flowMatching.estimator
        let noisy = try patches("dit.x")
        let condition = try patches("dit.cond")
        let mu = try matrix("dit.mu", columns: estimator.hiddenSize)
        let times = estimator.timeEmbedding(try inputs.floats("dit.t"), backend: backend)
        let deltas = estimator.deltaTimeEmbedding(try inputs.floats("dit.dt"), backend: backend)
        let size = model.configuration.patchSize
        let count = mu.rows
        guard noisy.rows == count * size, condition.rows == count * size, times.rows == count, deltas.rows == count
        else {
            throw VoxCPMError.shapeMismatch("dit.x", expected: [count * size], found: [noisy.rows])
        }
        var supply = MatrixSupply.memory
        let workspace = estimator.makeWorkspace(patches: count, groups: 2 * count, from: &supply)
        estimator.projectCondition(condition, workspace: workspace, backend: backend)
        let sequences = (0..<count).map { index in
            let time = times[rows: index..<index + 1]
            backend.add(time, deltas[rows: index..<index + 1], into: time)
            return FlowEntry.Sequence(first: mu[rows: index..<index + 1], time: time, guidance: nil)
        }
        estimator.enter(noisy, moved: noisy, sequences, workspace: workspace, backend: backend)
        estimator.estimate(groups: 2 * count, workspace: workspace, backend: backend)
        // The free branches have no place in the reference's trace.
        setPatches(
            "dit.out",
            (0..<count).map { estimator.velocity(group: 2 * $0, workspace: workspace, backend: backend) })
    }

    private func flowMatching(_ parameters: FlowParameters) throws {
        let flow = model.flowMatching
        let patch = try patches("cfm.z")
        let condition = try patches("cfm.cond")
        let mu = try matrix("cfm.mu", columns: flow.estimator.hiddenSize)
        guard mu.rows == 1, patch.rows == model.configuration.patchSize, condition.rows == patch.rows else {
            throw VoxCPMError.shapeMismatch("cfm.mu", expected: [1, mu.columns], found: [mu.rows, mu.columns])
        }
        let schedule = FlowSchedule(
            steps: parameters.steps, sway: parameters.sway, zeroStar: parameters.zeroStar)
        let plan = FlowMatching.Plan(
            timed: flow.time(schedule, backend: backend), cfg: parameters.cfg, zeroStar: parameters.zeroStar)
        var supply = MatrixSupply.memory
        flow.solve(
            patch, mu: mu, condition: condition, plans: [plan],
            workspace: flow.makeWorkspace(sequences: 1, from: &supply), backend: backend)
        trace.set("\(parameters.name).t_span", shape: [schedule.times.count], schedule.times)
        setPatches("\(parameters.name).out", [patch])
    }

    /// Prefill of `<name>.embeddings` `[T, H]`, then one step for each row of `<name>.step_in` `[N, H]`.
    private func language(_ language: CausalTransformer, name: String, steps: Bool) throws {
        let width = language.transformer.hiddenSize
        let hidden = try matrix("\(name).embeddings", columns: width)
        let next = steps ? try matrix("\(name).step_in", columns: width) : Matrix(rows: 0, columns: width)
        let positions = hidden.rows + next.rows
        guard positions <= model.configuration.maxLength else {
            throw VoxCPMError.inputTooLong(positions: positions, limit: model.configuration.maxLength)
        }
        var supply = MatrixSupply.memory
        let cache = language.transformer.makeCache(slots: positions, from: &supply)
        let workspace = language.transformer.makeWorkspace(rows: hidden.rows, from: &supply)
        language.prefill(hidden, from: 0, cache: cache, into: hidden, workspace: workspace, backend: backend)
        trace.set("\(name).hidden", hidden)
        trace.setHeads("\(name).k0", cache.keys(layer: 0, 0..<hidden.rows), language.transformer.heads)
        trace.setHeads("\(name).v0", cache.values(layer: 0, 0..<hidden.rows), language.transformer.heads)
        guard steps else { return }
        for row in 0..<next.rows {
            let plan = RowPlan.steps([(position: hidden.rows + row, base: 0)])
            let step = next[rows: row..<row + 1]
            language.step(step, plan: plan, cache: cache, into: step, workspace: workspace, backend: backend)
        }
        trace.set("\(name).step_hidden", next)
    }

    private func vaeEncode() throws {
        let layers = LayerCollector()
        let latents = try model.audioVAE.encode(try inputs.floats("vae.encode_in"), observer: layers.observer)
        layers.record(in: trace)
        trace.set("vae.encode_mu", shape: [1, latents.columns, latents.rows], latents.transposedValues())
    }

    private func vaeDecode() throws {
        guard let info = inputs.tensors["vae.decode_in"] else {
            throw VoxCPMError.missingTensor("vae.decode_in", file: inputs.file)
        }
        let size = model.configuration.latentSize
        guard info.count > 0, info.count % size == 0 else {
            throw VoxCPMError.shapeMismatch("vae.decode_in", expected: [1, size, -1], found: info.shape)
        }
        let columns = Matrix(
            rows: size, columns: info.count / size, values: try inputs.floats("vae.decode_in"))
        let latents = Matrix(rows: columns.columns, columns: size, values: columns.transposedValues())
        let layers = LayerCollector()
        let samples = try model.audioVAE.decode(latents, observer: layers.observer)
        layers.record(in: trace)
        trace.set("vae.decode_out", shape: [1, 1, samples.count], samples)
    }
}
