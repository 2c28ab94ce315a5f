import Compute
import VoxCPM

/// The patch loop: owns the engine core, and runs on one thread of its own from the first request to the last, or until
/// the device fails.
///
/// Between two steps it ends who was cancelled, wakes who has a reader again, and lets one waiting part join; then all
/// that have a place make their next patch together.
final class EngineLoop {
    private let model: SpeechModel
    private let engine: PatchEngine
    private let configuration: EngineConfiguration
    private let mailbox: LoopMailbox
    private let ledger: EngineLedger
    private let bufferSamples: Int

    private var utterances: [SpeechID: Utterance] = [:]
    /// Those that need a place for their next part.
    private var queue = FairQueue<Utterance>()
    private var speaking: [SequenceID: Utterance] = [:]
    private var paused: [Utterance] = []
    /// How many of each owner's requests have a place.
    private var places: [String: Int] = [:]
    private var encodings: [LoopMailbox.Encoding] = []
    private var drainUntil: ContinuousClock.Instant?
    private var isQueueNews = false
    /// What the device said when it failed.
    private var failure: String?
    /// What was being read when it failed, and has no place yet. It is not tried again: it may be what the device fails of.
    private var struck: Utterance?
    private var struckEncoding: LoopMailbox.Encoding?

    /// What a loop leaves to the next one: whoever has no place, and so nothing in the device's memory.
    struct Rest {
        /// Why the loop ended; nil where it was told to.
        var failure: DeviceFault?
        fileprivate var utterances: [SpeechID: Utterance] = [:]
        fileprivate var queue = FairQueue<Utterance>()
        fileprivate var paused: [Utterance] = []
        fileprivate var encodings: [LoopMailbox.Encoding] = []
    }

    /// - Parameter rest: What an earlier loop left.
    init(
        _ model: SpeechModel, _ engine: PatchEngine, _ configuration: EngineConfiguration, _ mailbox: LoopMailbox,
        _ ledger: EngineLedger, _ rest: Rest = Rest()
    ) {
        utterances = rest.utterances
        queue = rest.queue
        paused = rest.paused
        encodings = rest.encodings
        isQueueNews = true
        self.model = model
        self.engine = engine
        self.configuration = configuration
        self.mailbox = mailbox
        self.ledger = ledger
        bufferSamples = configuration.bufferSamples(model.sampleRateHz)
    }

    /// Works until somebody wants it to end and all is said, or until the device fails.
    ///
    /// - Parameter onFailure: Says what follows a failure, before those hear of it who were spoken.
    /// - Returns: What is left to do.
    func run(onFailure: (_ reason: String, _ isDraining: Bool) -> DeviceFault) -> Rest {
        while true {
            takeNews()
            endEarly()
            if drainUntil != nil, utterances.isEmpty { break }
            joinNext()
            if failure == nil { encodeNext() }
            if failure == nil { step() }
            if let failure { return leave(onFailure(failure, drainUntil != nil)) }
            // After the step, so that whoever was paused by it is heard of before this thread sleeps.
            wakeReaders()
            tellPositions()
            if hasNothingToDo { mailbox.sleep(until: nextDeadline) }
        }
        for encoding in encodings { encoding.answer.resume(returning: nil) }
        return Rest()
    }

    private var hasNothingToDo: Bool {
        guard engine.sequenceCount == 0, encodings.isEmpty else { return false }
        if drainUntil != nil, utterances.isEmpty { return false }
        return queue.isEmpty || engine.freePlaces == 0
    }

    private func takeNews() {
        let news = mailbox.take()
        for arrival in news.arrivals {
            let utterance = Utterance(arrival, model)
            utterances[arrival.id] = utterance
            queue.append(utterance, owner: arrival.owner)
            isQueueNews = true
        }
        encodings += news.encodings
        drainUntil = news.drainUntil
    }

    // MARK: Failures of the device

    /// Asks whether what was thrown is the device's: then nothing can go on here.
    private func noteFailure(_ error: any Error) -> Bool {
        do { try model.model.backend.check() } catch {
            failure = "\(error)"
            return true
        }
        return false
    }

    /// Ends everybody who has a place, and leaves the others as they are.
    private func leave(_ fault: DeviceFault) -> Rest {
        for utterance in Array(utterances.values) where utterance.sequence != nil || utterance === struck {
            finish(utterance, .deviceFailed(fault))
        }
        struckEncoding?.answer.resume(returning: .failure(fault))
        return Rest(failure: fault, utterances: utterances, queue: queue, paused: paused, encodings: encodings)
    }

    /// Ends whoever is left where no loop follows.
    static func end(_ rest: Rest, _ mailbox: LoopMailbox, _ fault: DeviceFault, _ ledger: EngineLedger) {
        let news = mailbox.take()
        for encoding in rest.encodings + news.encodings { encoding.answer.resume(returning: .failure(fault)) }
        for utterance in rest.utterances.values {
            let outcome = utterance.outcome(.deviceFailed(fault))
            ledger.finished(
                outcome, owner: utterance.accepted.owner, wasStarted: utterance.startedAt != nil,
                expectedSamples: utterance.claim)
            utterance.accepted.channel.send(.finished(outcome))
        }
        for arrival in news.arrivals { end(arrival, fault, ledger) }
    }

    /// Ends a request that no loop has seen.
    private static func end(_ arrival: AcceptedRequest, _ fault: DeviceFault, _ ledger: EngineLedger) {
        let now = ContinuousClock.now
        let outcome = SpeechOutcome(
            end: .deviceFailed(fault), seed: arrival.request.seed, seconds: 0, finishReason: nil, retries: [],
            queueWait: now - arrival.acceptedAt, timeToFirstAudio: nil, total: now - arrival.acceptedAt, voice: nil)
        ledger.finished(
            outcome, owner: arrival.owner, wasStarted: false, expectedSamples: arrival.request.expectedSamples)
        arrival.channel.send(.finished(outcome))
    }

    // MARK: Ends

    /// Ends whoever was cancelled or is out of time.
    private func endEarly() {
        let now = ContinuousClock.now
        for utterance in utterances.values {
            if let reason = reasonToEnd(utterance, now) { finish(utterance, .cancelled(reason)) }
        }
    }

    private func reasonToEnd(_ utterance: Utterance, _ now: ContinuousClock.Instant) -> CancelReason? {
        let accepted = utterance.accepted
        if let reason = accepted.channel.cancelReason { return reason }
        if let drainUntil, now >= drainUntil { return .shutdown }
        if let deadline = accepted.totalDeadline, now >= deadline { return .totalDeadline }
        if utterance.startedAt == nil, now >= accepted.queueDeadline { return .queueDeadline }
        if let since = patienceEnd(utterance), now >= since { return .slowReader }
        return nil
    }

    /// When a paused speech is given up if nobody reads.
    private func patienceEnd(_ utterance: Utterance) -> ContinuousClock.Instant? {
        guard let pausedAt = utterance.pausedAt else { return nil }
        return max(pausedAt, utterance.accepted.channel.lastRead) + configuration.slowReaderPatience
    }

    /// When something must be ended though nothing happens.
    private var nextDeadline: ContinuousClock.Instant? {
        utterances.values.flatMap { utterance -> [ContinuousClock.Instant?] in
            let accepted = utterance.accepted
            return [
                accepted.totalDeadline, utterance.startedAt == nil ? accepted.queueDeadline : nil,
                patienceEnd(utterance), drainUntil,
            ]
        }.compactMap(\.self).min()
    }

    private func finish(_ utterance: Utterance, _ end: SpeechEnd) {
        let accepted = utterance.accepted
        utterances[accepted.id] = nil
        if utterance.sequence == nil, utterance.pausedAt == nil {
            queue.remove(owner: accepted.owner) { $0 === utterance }
            isQueueNews = true
        }
        giveUpPlace(utterance)
        if utterance.pausedAt != nil { paused.removeAll { $0 === utterance } }
        // Before the end is told: whoever hears of it finds the place free.
        tellPlaces()
        let outcome = utterance.outcome(end)
        ledger.finished(
            outcome, owner: accepted.owner, wasStarted: utterance.startedAt != nil, expectedSamples: utterance.claim)
        accepted.channel.send(.finished(outcome))
    }

    private func giveUpPlace(_ utterance: Utterance) {
        guard let sequence = utterance.sequence else { return }
        engine.remove(sequence)
        speaking[sequence] = nil
        utterance.leave()
        let owner = utterance.accepted.owner
        let rest = places[owner, default: 0] - 1
        places[owner] = rest > 0 ? rest : nil
    }

    private func tellPlaces() {
        ledger.places(taken: engine.capacity.sequences - engine.freePlaces, paused: paused.count)
    }

    // MARK: Readers

    /// Lets those go on whose readers have caught up.
    private func wakeReaders() {
        guard !paused.isEmpty else { return }
        paused.removeAll { utterance in
            guard utterance.accepted.channel.awaitRoom() else { return false }
            utterance.pausedAt = nil
            if let sequence = utterance.sequence { engine.resume(sequence) } else { wait(utterance) }
            return true
        }
        tellPlaces()
    }

    /// Leaves a speech out of the steps while its reader is late.
    ///
    /// - Returns: Whether it is left out.
    private func pauseIfLate(_ utterance: Utterance) -> Bool {
        guard utterance.accepted.channel.audioSamples > bufferSamples else { return false }
        if let sequence = utterance.sequence { engine.pause(sequence) }
        utterance.pausedAt = .now
        paused.append(utterance)
        return true
    }

    // MARK: Joining

    /// Lets a part that follows another one wait for its place, before what else its owner has.
    private func wait(_ utterance: Utterance) {
        queue.prepend(utterance, owner: utterance.accepted.owner)
        isQueueNews = true
    }

    /// Lets one part join: reading a text takes about as long as a patch, and the others wait for it.
    private func joinNext() {
        guard engine.freePlaces > 0, let utterance = queue.next(running: places) else { return }
        isQueueNews = true
        let begin = ContinuousClock.now
        do {
            let sequence = try engine.admit(utterance.nextGeneration())
            ledger.joined(took: .now - begin)
            speaking[sequence] = utterance
            places[utterance.accepted.owner, default: 0] += 1
            tellPlaces()
            if utterance.start(sequence, at: begin) {
                ledger.started(queueWait: begin - utterance.accepted.acceptedAt)
                utterance.tellStart()
            }
        } catch {
            if noteFailure(error) { struck = utterance } else { finish(utterance, .failed(reason: "\(error)")) }
        }
    }

    /// Tells those that wait for their first place where they stand.
    private func tellPositions() {
        guard isQueueNews else { return }
        isQueueNews = false
        guard !queue.isEmpty else { return }
        let interval = ledger.departureInterval
        let free = engine.freePlaces
        for (position, (_, utterance)) in queue.order(running: places).enumerated() {
            guard utterance.startedAt == nil, utterance.toldPosition != position else { continue }
            utterance.toldPosition = position
            let eta = interval * Double(max(0, position + 1 - free))
            utterance.accepted.channel.send(.queued(position: position, eta: .seconds(eta)))
        }
    }

    // MARK: Work

    private func encodeNext() {
        guard !encodings.isEmpty else { return }
        let encoding = encodings.removeFirst()
        do {
            encoding.answer.resume(returning: .success(try model.model.encodePrompt(encoding.samples)))
        } catch {
            if noteFailure(error) {
                struckEncoding = encoding
            } else {
                encoding.answer.resume(returning: .failure(error))
            }
        }
    }

    private func step() {
        guard engine.sequenceCount > 0 else { return }
        let start = ContinuousClock.now
        let made: [SequencePatch]
        do {
            made = try engine.step()
        } catch {
            if !noteFailure(error) {
                for utterance in Array(speaking.values) { finish(utterance, .failed(reason: "\(error)")) }
            }
            return
        }
        ledger.stepped(
            batchSize: made.count, samples: made.reduce(0) { $0 + $1.patch.samples.count }, took: .now - start)
        for patch in made {
            guard let utterance = speaking[patch.id] else { continue }
            let next = utterance.take(patch, model: model, ledger: ledger)
            switch next {
            case .goOn: _ = pauseIfLate(utterance)
            case .needsPlace:
                giveUpPlace(utterance)
                if !pauseIfLate(utterance) { wait(utterance) }
            case .over(let end): finish(utterance, end)
            }
        }
        tellPlaces()
    }
}

extension EngineConfiguration {
    /// Samples that wait for a reader before its speech is paused.
    func bufferSamples(_ sampleRateHz: Int) -> Int {
        Int(min(max(bufferSeconds, 0), 3600) * Double(sampleRateHz))
    }
}
