import AudioIO
import Checkpoint
import Compute
import SpeechEngine
import VoxCPM

/// Speaks the parts of a text one after the other, on the thread that calls it.
struct Speaker {
    /// How to speak.
    struct Settings {
        var cfg: Float = 2
        var temperature: Float = 1
        var steps = 10
        var seed: UInt64 = 0
        /// Nil where speech leaves as it is generated and cannot be taken back.
        var retry: RetryPolicy?
        /// How many times as fast as the model speaks it is heard.
        var speed = 1.0
        /// The longest speech in all, as it is heard.
        var maxSeconds: Double?
        /// The longest speech of one part.
        var partSeconds: Double?
        /// Positions that there is memory for; nil for the model's whole context.
        var positions: Int?
    }

    /// What happened.
    struct Outcome {
        var wasCancelled = false
        /// Whether `maxSeconds` cut the speech off.
        var wasCut = false
        /// The seed of the first part's accepted attempt.
        var seed: UInt64
        var timings = StageTimings()
    }

    let model: VoxCPMModel
    let feed: TextFeed
    let settings: Settings
    /// Called after each patch with the seconds of speech so far.
    var onPatch: (Double) -> Void = { _ in }
    /// Asked after each patch.
    var isCancelled: () -> Bool = { false }

    /// Speaks.
    ///
    /// - Parameters:
    ///   - prompt: The voice to continue; where there is none, the first part becomes the voice of the others.
    ///   - sink: Takes the samples, in order.
    func speak(_ parts: [String], prompt: VoicePrompt?, into sink: SpeechSink) throws -> Outcome {
        var outcome = Outcome(seed: settings.seed)
        var prompt = prompt
        let stretch = try TimeStretch(speed: settings.speed, sampleRateHz: model.sampleRateHz)
        let limit = settings.maxSeconds.map { Int($0 * Double(model.sampleRateHz)) } ?? .max
        func append(_ samples: [Float]) throws { try sink.append(Array(samples.prefix(limit - sink.sampleCount))) }
        // One part after the other uses the memory of the same engine.
        var engine: PatchEngine?
        for (index, part) in parts.enumerated() {
            var request = try request(for: feed.fed(part), prompt: prompt)
            // What the model may still make.
            let room = settings.maxSeconds.map { _ in
                TimeStretch.samples(for: limit - sink.sampleCount, atSpeed: settings.speed)
            }
            if let room {
                let patches = (max(room, 1) + model.samplesPerPatch - 1) / model.samplesPerPatch
                request.maxPatches = min(request.maxPatches, patches)
            }
            var made = 0
            // One that is too small goes before the next one comes: a device has room for one.
            if let small = engine, try !model.fits(request, into: small) { engine = nil }
            let fitting = try model.engine(for: request, reusing: engine)
            engine = fitting
            let spoken = try speak(request, in: fitting, done: sink.sampleCount) { samples in
                made += samples.count
                try append(try stretch.process(samples))
            }
            try append(try stretch.finish())
            if index == 0 { outcome.seed = spoken.seed }
            outcome.timings += spoken.timings
            if isCancelled() {
                outcome.wasCancelled = true
                return outcome
            }
            if let room, made >= room {
                outcome.wasCut = true
                return outcome
            }
            if prompt == nil, index + 1 < parts.count, !spoken.latents.isEmpty {
                let columns = model.configuration.latentSize
                let latents = Matrix(rows: spoken.latents.count / columns, columns: columns, values: spoken.latents)
                prompt = VoicePrompt(text: feed.fed(part), latents: latents)
            }
        }
        return outcome
    }

    /// The request of a part.
    func request(for text: String, prompt: VoicePrompt?) throws -> GenerationRequest {
        let tokens = feed.tokens(prompt: prompt?.text, text: text)
        var request = GenerationRequest(
            tokens: tokens.all, targetTokenCount: tokens.targetCount, prompt: prompt?.latents)
        request.cfg = settings.cfg
        request.temperature = settings.temperature
        request.steps = settings.steps
        request.seed = settings.seed
        if let seconds = settings.partSeconds {
            request.maxPatches = max(1, Int((seconds / model.secondsPerPatch).rounded(.up)))
        }
        if let positions = settings.positions {
            let patches = (prompt?.latents.rows ?? 0) / model.configuration.patchSize
            request.maxPatches = min(request.maxPatches, max(1, positions - tokens.all.count - 1 - patches))
        }
        return request
    }

    private struct Spoken {
        var seed: UInt64
        var latents: [Float] = []
        var timings = StageTimings()
    }

    /// Speaks one part; samples leave at once, or when an attempt is accepted where there may be several.
    private func speak(
        _ request: GenerationRequest, in engine: PatchEngine, done: Int, emit: ([Float]) throws -> Void
    ) throws -> Spoken {
        var spoken = Spoken(seed: request.seed)
        var samples = 0
        func report(_ patch: Patch) {
            samples += patch.samples.count
            onPatch((Double(done) + Double(samples) / settings.speed) / Double(model.sampleRateHz))
        }
        if let retry = settings.retry, retry.maxAttempts > 1 {
            let speech = try model.generate(request, retry: retry, in: engine) { patch in
                if patch.index == 0 {
                    spoken.latents = []
                    samples = 0
                }
                spoken.latents += patch.latents
                report(patch)
                return !isCancelled()
            }
            try emit(speech.samples)
            spoken.seed = speech.seed
            spoken.timings = speech.timings
        } else {
            let generation = try Generation(engine, request)
            while !isCancelled(), let patch = try generation.next() {
                spoken.latents += patch.latents
                try emit(patch.samples)
                report(patch)
            }
            spoken.timings = generation.timings
        }
        return spoken
    }
}
