import Checkpoint
import Compute
import TextFrontend
import VoxCPM

/// Turns requests into what one model's engine speaks. It reads and tokenises all of the text: not for a thread that
/// others wait for.
struct RequestPreparation: Sendable {
    let model: SpeechModel
    let plan: SpeechPlan
    let memory: MemoryPlan

    init(_ model: SpeechModel, memory: MemoryPlan) {
        self.model = model
        plan = SpeechPlan(
            feed: model.feed, configuration: model.model.configuration,
            partSeconds: model.generation.defaults.maxSeconds, positions: memory.capacity.positions)
        self.memory = memory
    }

    /// Prepares a request that ``SpeechRequest/check(_:)`` passed.
    func prepare(_ request: SpeechRequest, seed: UInt64) throws(AdmissionError) -> PreparedRequest {
        let prompt = try voice(request.voice)
        if let prompt { try check(prompt) }
        let parts = try parts(of: request, prompt: prompt)
        let defaults = model.generation.defaults
        let rate = Double(model.sampleRateHz)
        return PreparedRequest(
            parts: parts.parts, prompt: prompt, firstText: parts.firstText, cfg: Float(request.cfg ?? defaults.cfg),
            temperature: Float(request.temperature ?? defaults.temperature), steps: request.steps ?? defaults.steps,
            seed: seed, attempts: request.attempts, speed: request.speed,
            heldBackSamples: request.heldBackSeconds > 3600 ? .max : Int(request.heldBackSeconds * rate),
            maxSamples: request.maxSeconds.map { max(1, Int($0 * rate)) },
            maxPatches: defaults.maxSeconds.map { max(1, Int(($0 / model.secondsPerPatch).rounded(.up))) } ?? 2000)
    }

    private func voice(_ voice: SpeechVoice) throws(AdmissionError) -> VoicePrompt? {
        let name: String?
        switch voice {
        case .none: return nil
        case .prompt(let prompt): return prompt
        case .modelDefault: name = nil
        case .builtIn(let wished): name = wished
        }
        do {
            return try model.voice(name)
        } catch let error as SpeechModelError {
            guard case .unknownVoice(let name, _, let available) = error else {
                throw .invalid(.voice, value: name ?? "the default", expected: "a voice that is whole: \(error)")
            }
            throw .unknownVoice(name: name, available: available)
        } catch {
            throw .invalid(.voice, value: name ?? "the default", expected: "a voice that can be read: \(error)")
        }
    }

    /// Checks that a voice belongs to the model and leaves room for a short sentence.
    func check(_ prompt: VoicePrompt) throws(AdmissionError) {
        let patchSize = model.model.configuration.patchSize
        let latents = prompt.latents
        guard latents.columns == model.latentSize, latents.rows > 0, latents.rows % patchSize == 0,
            latents.values().allSatisfy(\.isFinite)
        else {
            throw .invalid(
                .voice, value: "\(latents.rows) latents of \(latents.columns)",
                expected: "finite latents of \(model.latentSize), in patches of \(patchSize)")
        }
        do { try plan.check(prompt, named: "of the voice") } catch {
            let tokens = plan.feed.tokens(prompt: nil, text: prompt.text).all.count
            throw tooManyPositions(tokens + 1 + latents.rows / patchSize + Int(2 / model.secondsPerPatch))
        }
    }

    private func tooManyPositions(_ positions: Int) -> AdmissionError {
        .memory(
            positions: positions, plannedPositions: plan.positions,
            bytesPerPosition: memory.keyValueBytesPerSequence / memory.capacity.positions)
    }

    /// The parts that have something to say, tokenised.
    private func parts(
        of request: SpeechRequest, prompt: VoicePrompt?
    ) throws(AdmissionError) -> (parts: [PreparedRequest.Part], firstText: String) {
        struct Read {
            let part: TextPart
            let text: String
            let fed: String
        }
        var plan = plan
        plan.feed.spellsOut = request.spellsOut
        let feed = plan.feed
        let read = plan.parts(of: request.text, prompt: prompt, cutting: request.cutting).compactMap { part -> Read? in
            let text = BPETokenizer.clean(part.text)
            let fed = feed.fed(text)
            return feed.tokens(prompt: nil, text: fed).targetCount > 0 ? Read(part: part, text: text, fed: fed) : nil
        }
        guard let first = read.first else {
            throw .invalid(.text, value: "nothing that the model can read", expected: "at least one word")
        }
        let promptPatches = (prompt?.latents.rows ?? 0) / model.model.configuration.patchSize
        let rate = Double(model.sampleRateHz)
        var parts: [PreparedRequest.Part] = []
        for (index, one) in read.enumerated() {
            let voice = prompt?.text ?? (index > 0 ? first.fed : nil)
            let tokens = feed.tokens(prompt: voice, text: one.fed)
            let positions = tokens.all.count + 1 + promptPatches
            // One position more, so that there is speech.
            guard positions < plan.positions else { throw tooManyPositions(positions + 1) }
            let pause = index + 1 < read.count ? request.pauses.seconds(after: one.part.ending) : 0
            parts.append(
                PreparedRequest.Part(
                    text: one.text, range: one.part.range, tokens: tokens.all, targetTokenCount: tokens.targetCount,
                    expectedSamples: Int(SpeechLength.seconds(of: one.text) * rate), pauseSamples: Int(pause * rate)))
        }
        return (parts, first.fed)
    }
}

extension SpeechPauses {
    fileprivate func seconds(after ending: SplitPiece.Ending) -> Double {
        switch ending {
        case .clause: clause
        case .sentence: sentence
        case .paragraph: paragraph
        }
    }
}
