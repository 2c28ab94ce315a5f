import AudioIO
import Checkpoint
import Compute
import VoxCPM

/// A request on the engine's thread: which part it is at, and what of it was delivered.
final class Utterance {
    let accepted: AcceptedRequest
    /// When it got its first place.
    private(set) var startedAt: ContinuousClock.Instant?
    /// The sequence of the engine core that speaks for it now.
    private(set) var sequence: SequenceID?
    /// Since when its reader has been late; nil where it is not.
    var pausedAt: ContinuousClock.Instant?
    /// The place in the queue that was told last.
    var toldPosition: Int?
    /// The part being spoken, or the next to be.
    private(set) var part = 0
    private var attempt = 1
    private var prompt: VoicePrompt?
    private var firstSeed: UInt64
    private var retries: [BadCase] = []
    private var finishReason: FinishReason?
    private var firstAudioAt: ContinuousClock.Instant?

    /// Makes parts as fast as was asked for; nil before the first sound.
    private var stretch: TimeStretch?
    /// Samples delivered, at the speed that was asked for.
    private var delivered = 0
    /// Where the part began, in samples delivered.
    private var partStart = 0
    /// Samples of the part that went on to be heard, as the model made them.
    private var flowed = 0
    /// Samples of the part that are held back.
    private var held: [Float] = []
    /// Latents and patches of the attempt.
    private var latents: [Float] = []
    private var patches = 0
    /// Whether the limit of length, not the text, bounds the part.
    private var isBoundByLimit = false
    /// Samples that are still expected of the model, as the ledger counts them.
    private(set) var claim: Int

    private let sampleRateHz: Int
    private let samplesPerPatch: Int

    init(_ accepted: AcceptedRequest, _ model: SpeechModel) {
        self.accepted = accepted
        sampleRateHz = model.sampleRateHz
        samplesPerPatch = model.model.samplesPerPatch
        prompt = accepted.request.prompt
        firstSeed = accepted.request.seed
        claim = accepted.request.expectedSamples
    }

    private var request: PreparedRequest { accepted.request }
    private var channel: EventChannel { accepted.channel }
    private var current: PreparedRequest.Part { request.parts[part] }
    private var seed: UInt64 { request.seed &+ UInt64(attempt - 1) }
    /// Samples that may still be delivered.
    private var rest: Int { request.maxSamples.map { max(0, $0 - delivered) } ?? .max }
    /// Samples that the model may still make for the part.
    private var room: Int { request.maxSamples.map { request.made($0 - partStart) - flowed - held.count } ?? .max }

    // MARK: A place in the engine core

    /// What the engine core is asked for next.
    func nextGeneration() -> GenerationRequest {
        var limit = request.maxPatches
        if let maxSamples = request.maxSamples {
            let room = request.made(maxSamples - delivered)
            let patches = max(1, (room + samplesPerPatch - 1) / samplesPerPatch)
            isBoundByLimit = patches < limit
            limit = min(limit, patches)
        }
        return request.generation(part: part, prompt: prompt, seed: seed, maxPatches: limit)
    }

    /// Has a place.
    ///
    /// - Parameter begin: When the engine core began to read the part.
    /// - Returns: Whether it is the request's first.
    func start(_ sequence: SequenceID, at begin: ContinuousClock.Instant) -> Bool {
        self.sequence = sequence
        (held, latents, patches) = ([], [], 0)
        (partStart, flowed) = (delivered, 0)
        guard startedAt == nil else { return false }
        startedAt = begin
        return true
    }

    /// Tells the reader that it has begun.
    func tellStart() { channel.send(.started(seed: request.seed, parts: request.parts.count)) }

    /// Has no place any longer.
    func leave() { sequence = nil }

    // MARK: Speech

    /// What becomes of a request after a patch.
    enum Next {
        /// The part goes on.
        case goOn
        /// The next part, or the next attempt at this one, needs a place.
        case needsPlace
        case over(SpeechEnd)
    }

    /// Takes a patch.
    ///
    /// - Parameter ledger: Is told of what happens.
    func take(_ made: SequencePatch, model: SpeechModel, ledger: EngineLedger) -> Next {
        do throws(TimeStretchError) {
            return try hear(made, model, ledger)
        } catch {
            return .over(.failed(reason: error.description))
        }
    }

    private func hear(
        _ made: SequencePatch, _ model: SpeechModel, _ ledger: EngineLedger
    ) throws(TimeStretchError) -> Next {
        patches += 1
        finishReason = made.finishReason
        let count = max(0, min(made.patch.samples.count, room))
        let samples = made.patch.samples.prefix(count)
        settle(count, ledger)
        guard samples.allSatisfy(\.isFinite) else { return throwAway(.notFinite, ledger) }
        if prompt == nil { latents += made.patch.latents }
        held += samples
        if isFlowing || request.heldBackSamples < held.count { try flush(ledger) }
        let isFull = room <= 0
        tellProgress()
        if isFull || made.finishReason != nil { return try endPart(isFull: isFull, model: model, ledger: ledger) }
        return .goOn
    }

    /// Whether the part has begun to be heard.
    private var isFlowing: Bool { flowed > 0 }

    private func endPart(
        isFull: Bool, model: SpeechModel, ledger: EngineLedger
    ) throws(TimeStretchError) -> Next {
        if !isFlowing, !isFull, !isBoundByLimit, let badCase = judge(model), attempt < request.attempts {
            return throwAway(badCase, ledger)
        }
        try flush(ledger)
        deliver(try stretch?.finish() ?? [], ledger)
        if part == 0 { firstSeed = seed }
        if prompt == nil, !latents.isEmpty {
            let columns = model.latentSize
            prompt = VoicePrompt(
                text: request.firstText,
                latents: Matrix(rows: latents.count / columns, columns: columns, values: latents))
        }
        // Pauses are as long as was asked for, at any speed.
        let pause = min(current.pauseSamples, rest)
        channel.send(
            .mark(
                SpeechMark(
                    index: part, text: current.text, textRange: current.range, samples: partStart..<delivered,
                    pauseSamples: pause)))
        deliver(Array(repeating: 0, count: pause), ledger)
        settle(pause, ledger)
        let isLast = part + 1 == request.parts.count
        if isFull || rest == 0, !isLast || finishReason != .stopped { return .over(.lengthLimit) }
        if isLast { return .over(.complete) }
        part += 1
        attempt = 1
        return .needsPlace
    }

    private func judge(_ model: SpeechModel) -> BadCase? {
        let promptPatches = (prompt?.latents.rows ?? 0) / model.model.configuration.patchSize
        if RetryPolicy().isBad(
            patches: patches, context: min(2, promptPatches), targetTokens: current.targetTokenCount)
        {
            return .tooLong
        }
        return StopPolicy(sampleRateHz: sampleRateHz).badCase(
            of: held, expectedSeconds: Double(current.expectedSamples) / Double(sampleRateHz))
    }

    /// Tries the part again, or gives up where that is not possible.
    private func throwAway(_ badCase: BadCase, _ ledger: EngineLedger) -> Next {
        guard !isFlowing, attempt < request.attempts else {
            return .over(.failed(reason: "the model's sound is not made of numbers (\(badCase.rawValue))"))
        }
        attempt += 1
        retries.append(badCase)
        ledger.retried(badCase)
        (held, latents, patches) = ([], [], 0)
        return .needsPlace
    }

    private func flush(_ ledger: EngineLedger) throws(TimeStretchError) {
        guard !held.isEmpty else { return }
        let samples = held
        held = []
        flowed += samples.count
        if stretch == nil { stretch = try TimeStretch(speed: request.speed, sampleRateHz: sampleRateHz) }
        deliver(try stretch?.process(samples) ?? [], ledger)
    }

    private func deliver(_ made: [Float], _ ledger: EngineLedger) {
        // Sound of another speed may come out some samples longer than it was meant to be.
        let samples = made.count > rest ? Array(made.prefix(rest)) : made
        guard !samples.isEmpty else { return }
        if firstAudioAt == nil {
            firstAudioAt = .now
            ledger.firstAudio(after: .now - accepted.acceptedAt)
        }
        let start = delivered
        delivered += samples.count
        channel.send(.audio(samples: samples, start: start))
    }

    /// Takes what was made off what is expected.
    private func settle(_ count: Int, _ ledger: EngineLedger) {
        let settled = min(count, claim)
        claim -= settled
        ledger.expect(fewerSamples: settled)
    }

    private func tellProgress() {
        // As it is heard, which the part's latest samples are only later.
        let rate = Double(sampleRateHz)
        let seconds = (Double(partStart) + Double(flowed + held.count) / request.speed) / rate
        guard let startedAt, seconds > 0 else { return }
        channel.send(
            .progress(
                SpeechProgress(
                    seconds: seconds, expectedSeconds: max(seconds + Double(claim) / request.speed / rate, seconds),
                    part: part, parts: request.parts.count, rtf: (.now - startedAt).inSeconds / seconds)))
    }

    // MARK: The end

    /// What the request came to.
    func outcome(_ end: SpeechEnd) -> SpeechOutcome {
        let now = ContinuousClock.now
        return SpeechOutcome(
            end: end, seed: firstSeed, seconds: Double(delivered) / Double(sampleRateHz), finishReason: finishReason,
            retries: retries, queueWait: (startedAt ?? now) - accepted.acceptedAt,
            timeToFirstAudio: firstAudioAt.map { $0 - accepted.acceptedAt }, total: now - accepted.acceptedAt,
            voice: prompt)
    }
}
