import AudioIO
import Foundation
import NIOCore
import NIOWebSocket
import SpeechEngine

/// Speaks what lies on a stream's desk, one sentence after another, and tells the client how it goes.
struct StreamSpeaker {
    let source: any SpeechSource
    let meter: KeyMeter
    let desk: StreamDesk
    let outlet: StreamOutlet
    let clock: StreamClock
    /// The voice that the model made up, and the settings that it belongs to.
    private var voice: (prompt: VoicePrompt, revision: Int)?
    /// What all sentences of an utterance share.
    private var utterance = Utterance(index: -1)
    private(set) var sentenceCount = 0

    private struct Utterance {
        let index: Int
        var seed: UInt64?
        var seconds = 0.0
        var hasFault = false
    }

    init(
        source: any SpeechSource, meter: KeyMeter, desk: StreamDesk, outlet: StreamOutlet, clock: StreamClock
    ) {
        self.source = source
        self.meter = meter
        self.desk = desk
        self.outlet = outlet
        self.clock = clock
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
            let hasFault = utterance.index == index && utterance.hasFault
            try await outlet.send(
                StreamEvent.SessionDone(utterance_index: index, total_sentences: sentences, error: hasFault))
        case .cancelled(let index): try await outlet.send(StreamEvent.AudioCancelled(utterance_index: index))
        case .close:
            outlet.note("closed")
            await outlet.close(.normalClosure)
        }
    }

    // MARK: One sentence

    private mutating func speak(_ sentence: StreamSentence) async throws {
        var request = sentence.settings.request
        request.text = sentence.text
        request.owner = clock.owner?.name ?? ""
        request.seed = request.seed ?? utterance.seed
        if let voice, voice.revision == sentence.settings.revision { request.voice = .prompt(voice.prompt) }
        if let limit = request.maxSeconds {
            guard limit - utterance.seconds >= 0.1 else { return }
            request.maxSeconds = limit - utterance.seconds
        }
        let ticket: SpeechTicket
        // Held as long as the sentence is spoken.
        var pass: KeyMeter.Pass?
        defer { withExtendedLifetime(pass) {} }
        do throws(APIError) {
            if let owner = clock.owner {
                pass = try meter.admit(
                    owner, characters: sentence.text.unicodeScalars.count, engine: source.snapshot())
            }
            ticket = try await submit(request, sentence)
        } catch {
            guard desk.isWanted(sentence.utterance) else { return }
            utterance.hasFault = true
            if error.code == "draining" { return await outlet.end(error, .goingAway) }
            return try await outlet.send(StreamEvent.Fault(error, sentence: sentence))
        }
        utterance.seed = utterance.seed ?? ticket.seed
        desk.begin(ticket, sentence.utterance)
        defer { desk.end() }
        sentenceCount += 1
        try await bring(ticket, sentence)
    }

    /// Hands a sentence to the engine. The first of an utterance is refused as any request is; the following ones wait for
    /// a place, because a sentence that is missing in the middle helps nobody.
    private func submit(_ request: SpeechRequest, _ sentence: StreamSentence) async throws(APIError) -> SpeechTicket {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let refusal: AdmissionError
            do throws(AdmissionError) { return try await source.submit(request) } catch { refusal = error }
            switch refusal {
            case .queueFull, .ownerLimit:
                guard sentence.index > 0, .now < deadline, desk.isWanted(sentence.utterance), !outlet.isClosed
                else { throw APIError(refusal) }
                do { try await Task.sleep(for: .milliseconds(500)) } catch { throw APIError(refusal) }
            default: throw APIError(refusal)
            }
        }
    }

    /// Brings a sentence's sound to the client.
    private mutating func bring(_ ticket: SpeechTicket, _ sentence: StreamSentence) async throws {
        let settings = sentence.settings
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
                keepVoice(of: outcome, settings)
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

    private mutating func keepVoice(of outcome: SpeechOutcome, _ settings: StreamSettings) {
        guard settings.makesUpVoice, voice?.revision != settings.revision, let made = outcome.voice else { return }
        voice = (made, settings.revision)
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
        case "draining":
            outlet.note("draining")
            await outlet.close(.goingAway, "the server is shutting down")
        default: break
        }
    }
}

extension SpeechEvent {
    fileprivate var isEnd: Bool { if case .finished = self { true } else { false } }
}
