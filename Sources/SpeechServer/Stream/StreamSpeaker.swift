import AudioIO
import Foundation
import Logging
import NIOCore
import NIOWebSocket
import SpeechEngine
import SpeechStore

/// Speaks what lies on a stream's desk, one sentence after another, and tells the client how it goes.
struct StreamSpeaker {
    let source: any SpeechSource
    let services: Services
    let keys: Guard
    let desk: StreamDesk
    let outlet: StreamOutlet
    let clock: StreamClock
    let caller: StreamCaller
    let turnTime: Duration
    let logger: Logger
    private var voice: StreamVoice?
    /// The voice that the model made up.
    private var madeUp: VoicePrompt?
    /// What all sentences of an utterance share.
    private var utterance = Utterance(index: -1)
    private(set) var sentenceCount = 0

    private struct Utterance {
        let index: Int
        /// Whose it is; what its key permits is asked for once.
        var owner: Caller?
        var seed: UInt64?
        var seconds = 0.0
        var hasFault = false
        /// Whether there was no room for its first sentence: then the client may say all of it again later.
        var isRefused = false
        /// Keeps it for the history.
        var recorder: HistoryRecorder?
    }

    /// A sentence that the engine has taken.
    private struct Taken {
        let ticket: SpeechTicket
        /// Counts against the limits of the key as long as the sentence is spoken.
        let pass: KeyMeter.Pass?
        let recorder: HistoryRecorder?
    }

    init(
        source: any SpeechSource, services: Services, keys: Guard, desk: StreamDesk, outlet: StreamOutlet,
        clock: StreamClock, caller: StreamCaller, turnTime: Duration, logger: Logger
    ) {
        self.source = source
        self.services = services
        self.keys = keys
        self.desk = desk
        self.outlet = outlet
        self.clock = clock
        self.caller = caller
        self.turnTime = turnTime
        self.logger = logger
    }

    /// Speaks until there is nobody to listen.
    mutating func run() async {
        do {
            for await work in desk.works {
                try await follow(work)
                desk.settle(work)
            }
        } catch {
            // Nobody listens any longer; the reader finds out too, and cleans up.
            outlet.channel.close(promise: nil)
        }
    }

    private mutating func follow(_ work: StreamDesk.Work) async throws {
        switch work {
        case .speak(let sentence):
            guard !outlet.isClosed, desk.isWanted(sentence.utterance) else { return }
            if utterance.index != sentence.utterance { utterance = Utterance(index: sentence.utterance) }
            try await speak(sentence)
        case .finish(let index, let sentences):
            guard desk.isWanted(index) else { return }
            if utterance.index != index { utterance = Utterance(index: index) }
            let recorder = utterance.recorder
            utterance.recorder = nil
            let isKept = await recorder?.keep() ?? false
            try await outlet.send(
                StreamEvent.SessionDone(
                    utterance_index: index, total_sentences: sentences, error: utterance.hasFault,
                    history_id: isKept ? recorder?.id.description : nil))
        case .cancelled(let index):
            utterance = Utterance(index: index)
            try await outlet.send(StreamEvent.AudioCancelled(utterance_index: index))
        case .close:
            outlet.note("closed")
            await outlet.close(.normalClosure)
        }
    }

    /// Whether the engine comes back when it takes nothing now.
    private var isComingBack: Bool { source.isChanging && !caller.life.isStopping }

    // MARK: One sentence

    private mutating func speak(_ sentence: StreamSentence) async throws {
        guard !utterance.isRefused else { return }
        if let limit = sentence.settings.request.maxSeconds, limit - utterance.seconds < 0.1 { return }
        let owner: Caller
        do throws(APIError) { owner = try await self.owner() } catch {
            return await outlet.end(error, .policyViolation)
        }
        let door = SpeechDoor(source: source, services: services, caller: owner, id: caller.id, logger: logger)
        let taken: Taken
        do throws(APIError) {
            taken = try await submit(sentence, door)
        } catch {
            guard desk.isWanted(sentence.utterance) else { return }
            utterance.hasFault = true
            utterance.isRefused = sentence.index == 0 && Self.isRush(error)
            if error.code == "draining", !isComingBack { return await outlet.end(error, .goingAway) }
            return try await outlet.send(StreamEvent.Fault(error, sentence: sentence))
        }
        utterance.seed = utterance.seed ?? taken.ticket.seed
        desk.begin(taken.ticket, sentence.utterance)
        defer { desk.end() }
        sentenceCount += 1
        try await bring(taken, sentence)
    }

    /// Whose utterance it is, with what its key permits now: a stream may outlast its key.
    private mutating func owner() async throws(APIError) -> Caller {
        if let owner = utterance.owner { return owner }
        guard let owner = clock.owner else { throw .internalFault }
        let now = try await keys.renewed(owner)
        utterance.owner = now
        return now
    }

    /// Hands a sentence to the engine. The first of an utterance is refused as any request is; the following ones wait for
    /// their turn for a long time, because a sentence that is missing in the middle helps nobody. All wait for
    /// a model that is on its way.
    private mutating func submit(_ sentence: StreamSentence, _ door: SpeechDoor) async throws(APIError) -> Taken {
        var pass: KeyMeter.Pass?
        var isCounted = false
        var hasTold = false
        let end = ContinuousClock.now + turnTime
        while true {
            let refusal: APIError
            do throws(APIError) {
                // Once only: what waits for the engine has been counted.
                if !isCounted { pass = try door.count(sentence.text) }
                isCounted = true
                let (request, choice) = try await request(for: sentence)
                let ticket = try await door.submit(request)
                return Taken(
                    ticket: ticket, pass: pass, recorder: await recorder(of: ticket, sentence, request, choice, door))
            } catch { refusal = error }
            guard waits(for: refusal, sentence, until: end), desk.isWanted(sentence.utterance), !outlet.isClosed else {
                throw refusal
            }
            do {
                if !hasTold {
                    try await outlet.send(
                        StreamEvent.Queue(
                            utterance_index: sentence.utterance, sentence_index: sentence.index, position: 0,
                            eta: Double(refusal.retryAfterSeconds ?? 1)))
                }
                hasTold = true
                try await Task.sleep(for: .milliseconds(200))
            } catch { throw refusal }
        }
    }

    /// Whether there is too much to do at the moment.
    private static func isRush(_ refusal: APIError) -> Bool {
        refusal.code == "queue_full" || refusal.code == "rate_limit_exceeded"
    }

    private func waits(
        for refusal: APIError, _ sentence: StreamSentence, until end: ContinuousClock.Instant
    ) -> Bool {
        switch refusal.code {
        case "draining", "model_loading", "model_not_loaded": isComingBack
        default: sentence.index > 0 && Self.isRush(refusal) && .now < end
        }
    }

    /// What the engine is asked for, with the voice as it has it now.
    private mutating func request(
        for sentence: StreamSentence
    ) async throws(APIError) -> (request: SpeechRequest, choice: ChosenVoice) {
        if let refusal = source.refusal { throw APIError(refusal) }
        let found: StreamVoice
        if let voice, voice.isStill(sentence.settings, source.loaded) {
            found = voice
        } else {
            found = try await StreamVoice(sentence.settings, from: services.voices)
            (voice, madeUp) = (found, nil)
        }
        var request = found.request
        request.text = sentence.text
        request.seed = request.seed ?? utterance.seed
        if let madeUp { request.voice = .prompt(madeUp) }
        request.maxSeconds = request.maxSeconds.map { $0 - utterance.seconds }
        return (request, found.choice)
    }

    /// Who keeps a sentence: all of an utterance are one entry of the history, unless the model changes between them.
    private mutating func recorder(
        of ticket: SpeechTicket, _ sentence: StreamSentence, _ request: SpeechRequest, _ choice: ChosenVoice,
        _ door: SpeechDoor
    ) async -> HistoryRecorder? {
        guard sentence.settings.isKept else { return nil }
        if let recorder = utterance.recorder {
            if recorder.sampleRateHz == ticket.sampleRateHz, recorder.model == door.model(of: ticket).name {
                await recorder.follow(sentence.text)
                return recorder
            }
            await recorder.keep()
        }
        var asked = request
        asked.seed = sentence.settings.request.seed
        asked.maxSeconds = sentence.settings.request.maxSeconds
        utterance.recorder = door.recorder(of: ticket, asked, voice: choice)
        return utterance.recorder
    }

    /// Brings a sentence's sound to the client.
    private mutating func bring(_ taken: Taken, _ sentence: StreamSentence) async throws {
        let (settings, ticket) = (sentence.settings, taken.ticket)
        defer { withExtendedLifetime(taken.pass) {} }
        let rate = ticket.sampleRateHz
        let encoder = settings.streamsAudio ? try SoundEncoder(settings.form, sampleRateHz: rate) : nil
        var whole: [Float] = []
        var hasBegun = false
        var byteCount = 0
        func send(_ bytes: [UInt8]) async throws {
            guard desk.isWanted(sentence.utterance) else { return }
            byteCount += bytes.count
            try await outlet.send(bytes)
        }
        func begin() async throws {
            guard !hasBegun, desk.isWanted(sentence.utterance) else { return }
            hasBegun = true
            try await outlet.send(
                StreamEvent.AudioStart(
                    utterance_index: sentence.utterance, sentence_index: sentence.index,
                    sentence_text: sentence.text.trimmingCharacters(in: .whitespacesAndNewlines),
                    format: settings.form.format.rawValue, sample_rate: settings.form.encodedRateHz(for: rate),
                    seed: "\(ticket.seed)"))
        }
        for await event in ticket.events {
            await taken.recorder?.take(event)
            // What comes after a cancel is read to its end, which is near, and not told.
            guard desk.isWanted(sentence.utterance) || event.isEnd else { continue }
            switch event {
            case .queued(let position, let eta):
                try await outlet.send(
                    StreamEvent.Queue(
                        utterance_index: sentence.utterance, sentence_index: sentence.index, position: position,
                        eta: eta.inSeconds))
            case .audio(let samples, _):
                guard let encoder else {
                    whole += samples
                    continue
                }
                try await begin()
                try await send(try encoder.encode(samples))
            case .finished(let outcome):
                utterance.seconds += outcome.seconds
                keepVoice(of: outcome)
                let error = APIError(outcome.end) ?? (outcome.seconds > 0 ? nil : .noAudio)
                if error == nil {
                    try await begin()
                    try await send(
                        try encoder?.finish() ?? SoundEncoder.whole(whole, settings.form, sampleRateHz: rate))
                }
                try await end(sentence, error, hasBegun: hasBegun, byteCount: byteCount, seconds: outcome.seconds)
            case .started, .mark, .progress: continue
            }
        }
    }

    private mutating func keepVoice(of outcome: SpeechOutcome) {
        guard voice?.isMadeUp ?? false, madeUp == nil, let made = outcome.voice else { return }
        madeUp = made
    }

    private mutating func end(
        _ sentence: StreamSentence, _ error: APIError?, hasBegun: Bool, byteCount: Int, seconds: Double
    ) async throws {
        guard desk.isWanted(sentence.utterance) else { return }
        if let error {
            utterance.hasFault = true
            try await outlet.send(StreamEvent.Fault(error, sentence: sentence))
        }
        if hasBegun {
            try await outlet.send(
                StreamEvent.AudioDone(
                    utterance_index: sentence.utterance, sentence_index: sentence.index, total_bytes: byteCount,
                    seconds: seconds, error: error != nil))
        }
        switch error?.code {
        case "slow_reader":
            outlet.note("slow_reader")
            await outlet.close(.policyViolation, "the sound was not read")
        case "draining" where !isComingBack:
            outlet.note("draining")
            await outlet.close(.goingAway, "the server is shutting down")
        default: break
        }
    }
}

extension SpeechEvent {
    fileprivate var isEnd: Bool { if case .finished = self { true } else { false } }
}
