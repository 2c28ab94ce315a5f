import Checkpoint
import Foundation
import VoxCPM

/// Reads a request file. Every key must be known, so that a misspelt one does not change the meaning in silence.
struct TraceRequestReader {
    private let file: URL

    /// The requests of a file: one object, or `{"requests": [...]}`.
    ///
    /// - Throws: ``CommandError/badRequest(file:place:reason:)``, or what reading JSON throws.
    static func read(_ file: URL) throws -> [TraceRequest] {
        let reader = TraceRequestReader(file: file)
        let json = try StrictJSON.parse(file: file, limits: StrictJSON.Limits(byteCount: 64 << 20))
        guard let root = json.asObject else { throw reader.fault("the file", "must be an object, not \(json.kind)") }
        guard let list = root["requests"] else { return [try reader.request(root, place: "the request")] }
        guard let items = list.asArray, root.members.count == 1 else {
            throw reader.fault("requests", "must be a list and the only key of the file")
        }
        var requests: [TraceRequest] = []
        for (index, item) in items.enumerated() {
            let place = "requests[\(index)]"
            guard let object = item.asObject else { throw reader.fault(place, "must be an object, not \(item.kind)") }
            let request = try reader.request(object, place: place)
            guard !requests.contains(where: { $0.name == request.name }) else {
                throw reader.fault(place, "needs a name of its own, so that its outputs can be told from the others")
            }
            requests.append(request)
        }
        guard !requests.isEmpty else { throw reader.fault("requests", "is empty") }
        return requests
    }

    func fault(_ place: String, _ reason: String) -> CommandError {
        .badRequest(file: file.path, place: place, reason: reason)
    }

    private func request(_ object: JSONObject, place: String) throws -> TraceRequest {
        let keys = RequestKeys(object, place: place, reader: self)
        let name = try keys.string("name")
        let stage = try keys.string("stage") ?? "generate"
        let work: TraceRequest.Work
        switch stage {
        case "generate":
            work = .generate(try generation(keys))
        case "tokenizer":
            guard let text = try keys.string("text", "target_text") else { throw keys.fault("needs a text") }
            work = .tokenizer(text: text)
        default:
            guard let known = StageTracer.Stage(rawValue: stage) else {
                let names = StageTracer.Stage.allCases.map(\.rawValue).joined(separator: ", ")
                throw keys.fault(
                    "has the unknown stage '\(stage.prefix(40))'; known are generate, tokenizer, \(names)")
            }
            guard let inputs = try keys.string("inputs") else { throw keys.fault("needs inputs, a safetensors file") }
            work = .stage(known, inputs: path(inputs), flow: try flow(keys, isUsed: known == .flowMatching))
        }
        try keys.finish()
        return TraceRequest(name: name, work: work)
    }

    private func flow(_ keys: RequestKeys, isUsed: Bool) throws -> StageTracer.FlowParameters {
        var flow = StageTracer.FlowParameters()
        guard isUsed else { return flow }
        if let steps = try keys.integer("steps", "inference_timesteps", "n_timesteps") {
            guard (1...1000).contains(steps) else { throw keys.fault("has \(steps) steps, but 1 to 1000 are possible") }
            flow.steps = steps
        }
        if let cfg = try keys.number("cfg", "cfg_value") { flow.cfg = Float(cfg) }
        if let zeroStar = try keys.bool("zero_star", "use_cfg_zero_star") { flow.zeroStar = zeroStar }
        if let sway = try keys.number("sway", "sway_sampling_coef") { flow.sway = Float(sway) }
        if let name = try keys.string("case") { flow.name = "cfm.\(name)" }
        return flow
    }

    private func generation(_ keys: RequestKeys) throws -> TraceGeneration {
        var generation = TraceGeneration(text: try text(keys))
        generation.promptText = try keys.string("prompt_text")
        generation.prompt = try prompt(keys)
        generation.noise = try tensor(keys, "noise", standardName: "noise")
        if let seed = try keys.integer("seed") { generation.seed = UInt64(bitPattern: Int64(seed)) }
        if let cfg = try keys.number("cfg", "cfg_value") { generation.cfg = Float(cfg) }
        if let temperature = try keys.number("temperature") { generation.temperature = Float(temperature) }
        if let steps = try keys.integer("steps", "inference_timesteps", "n_timesteps") { generation.steps = steps }
        if let count = try keys.integer("min_patches", "min_len") { generation.minPatches = count }
        if let count = try keys.integer("max_patches", "max_len") { generation.maxPatches = count }
        if let ratio = try keys.number("patches_per_token", "retry_badcase_ratio_threshold") {
            guard ratio > 0, ratio <= 1e6 else { throw keys.fault("needs patches_per_token above 0") }
            generation.patchesPerToken = ratio
        }
        generation.patches = try keys.integer("patches")
        generation.retry = try retry(keys, patchesPerToken: generation.patchesPerToken)
        if let zeroStar = try keys.bool("zero_star", "use_cfg_zero_star") { generation.zeroStar = zeroStar }
        if let sway = try keys.number("sway", "sway_sampling_coef") { generation.sway = Float(sway) }
        generation.streaming = try keys.bool("streaming") ?? false
        if let mode = try keys.string("mode"), mode != "continuation" {
            throw keys.fault("has the mode '\(mode.prefix(40))'; only continuation is known")
        }
        // What the fixtures' manifest tells about a scenario beside its parameters.
        keys.ignore("note", "patches_computed", "last_successful_seed", "effective_max_len")
        let hasPromptText = generation.promptText != nil
        if case .text = generation.text, hasPromptText != (generation.prompt != nil) {
            throw keys.fault("needs prompt_text and prompt_audio (or prompt_latents) together")
        }
        if case .tokens = generation.text, hasPromptText {
            throw keys.fault("has prompt_text beside tokens, which hold the prompt's ids already")
        }
        if generation.streaming, generation.retry != nil { throw keys.fault("cannot retry while streaming") }
        return generation
    }

    private func text(_ keys: RequestKeys) throws -> TraceGeneration.Text {
        let text = try keys.string("text", "target_text")
        let tokens = try keys.integers("tokens")
        let targetCount = try keys.integer("target_tokens")
        switch (text, tokens) {
        case (let text?, nil) where targetCount == nil: return .text(text)
        case (nil, let tokens?): return .tokens(tokens, targetCount: targetCount)
        default: throw keys.fault("needs either a text, or tokens (and target_tokens)")
        }
    }

    private func prompt(_ keys: RequestKeys) throws -> TraceGeneration.Prompt? {
        let audio = try keys.string("prompt_audio", "prompt_wav", "prompt_wav_path")
        let latents = try tensor(keys, "prompt_latents", standardName: "prompt_feat")
        switch (audio, latents) {
        case (nil, nil): return nil
        case (let audio?, nil): return .audio(path(audio))
        case (nil, let latents?): return .latents(latents)
        default: throw keys.fault("has prompt_audio and prompt_latents; give one of them")
        }
    }

    private func retry(_ keys: RequestKeys, patchesPerToken: Double) throws -> RetryPolicy? {
        let flag = try keys.bool("retry_badcase")
        let times = try keys.integer("retry_badcase_max_times")
        let object = try keys.object("retry")
        guard flag == true || object != nil else { return nil }
        var policy = RetryPolicy(maxAttempts: times ?? 3, patchesPerToken: patchesPerToken)
        if let object {
            if let attempts = try object.integer("max_attempts") { policy.maxAttempts = attempts }
            if let ratio = try object.number("patches_per_token") { policy.patchesPerToken = ratio }
            try object.finish()
        }
        guard (1...100).contains(policy.maxAttempts), policy.patchesPerToken > 0 else {
            throw keys.fault("needs 1 to 100 retries and patches_per_token above 0")
        }
        return policy
    }

    private func tensor(_ keys: RequestKeys, _ key: String, standardName: String) throws -> TensorReference? {
        guard let value = keys.value(key) else { return nil }
        if let name = value.asString { return TensorReference(file: path(name), tensor: standardName) }
        guard let object = try keys.object(key) else { return nil }
        guard let name = try object.string("file") else { throw object.fault("needs a file") }
        let tensor = try object.string("tensor") ?? standardName
        try object.finish()
        return TensorReference(file: path(name), tensor: tensor)
    }

    /// Paths are relative to the request file.
    private func path(_ text: String) -> URL {
        text.hasPrefix("/")
            ? URL(fileURLWithPath: text) : file.deletingLastPathComponent().appendingPathComponent(text)
    }
}
