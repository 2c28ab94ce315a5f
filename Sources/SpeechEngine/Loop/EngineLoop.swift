import Compute
import VoxCPM

/// The patch loop: owns the engine core, and runs on one thread of its own from the first request to the last.
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

    init(
        _ model: SpeechModel, _ engine: PatchEngine, _ configuration: EngineConfiguration, _ mailbox: LoopMailbox,
        _ ledger: EngineLedger
    ) {
        self.model = model
        self.engine = engine
        self.configuration = configuration
        self.mailbox = mailbox
        self.ledger = ledger
        bufferSamples = configuration.bufferSamples(model.sampleRateHz)
    }

    /// Works until somebody wants it to end and all is said.
    func run() {
        while true {
            takeNews()
            endEarly()
            if drainUntil != nil, utterances.isEmpty { break }
            joinNext()
            encodeNext()
            step()
            // After the step, so that whoever was paused by it is heard of before this thread sleeps.
            wakeReaders()
            tellPositions()
            if hasNothingToDo { mailbox.sleep(until: nextDeadline) }
        }
        for encoding in encodings { encoding.answer.resume(returning: nil) }
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
            finish(utterance, .failed(reason: "\(error)"))
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
        let model = model.model
        encoding.answer.resume(returning: Result { try model.encodePrompt(encoding.samples) })
    }

    private func step() {
        guard engine.sequenceCount > 0 else { return }
        let start = ContinuousClock.now
        let made: [SequencePatch]
        do {
            made = try engine.step()
        } catch {
            // The device failed in the middle: nobody can go on.
            for utterance in Array(speaking.values) { finish(utterance, .failed(reason: "\(error)")) }
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
