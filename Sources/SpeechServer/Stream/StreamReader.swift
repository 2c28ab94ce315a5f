import HTTPTypes
import NIOCore
import NIOWebSocket
import SpeechEngine

/// Reads what a stream's client says, and puts it on the desk sentence by sentence.
struct StreamReader {
    /// A made-up voice goes on from at least so much speech.
    private static let voiceSeconds = 3.0

    let voices: VoiceShelf
    let limits: ServerConfiguration.Limits
    let keys: Guard
    let desk: StreamDesk
    let outlet: StreamOutlet
    let clock: StreamClock
    private var settings = StreamSettings()
    /// Whether the model makes up the voice of these settings.
    private var makesUpVoice: Bool
    private var text = ArrivingText()
    private var utterance = 0
    private var sentences = 0
    /// Whether these settings have spoken before.
    private var hasSpoken = false

    init(
        voices: VoiceShelf, limits: ServerConfiguration.Limits, keys: Guard, desk: StreamDesk,
        outlet: StreamOutlet, clock: StreamClock
    ) {
        self.voices = voices
        self.limits = limits
        self.keys = keys
        self.desk = desk
        self.outlet = outlet
        self.clock = clock
        makesUpVoice = SpeechVoice.modelDefault.isMadeUp(by: voices.source.loaded)
    }

    /// Reads to the client's goodbye, or to the end of the connection.
    mutating func read(_ frames: NIOAsyncChannelInboundStream<WebSocketFrame>) async {
        do {
            for try await frame in frames {
                let bytes = Array(frame.unmaskedData.readableBytesView)
                switch frame.opcode {
                case .connectionClose: return await answerGoodbye(bytes)
                case .text: await take(bytes)
                default:
                    await outlet.end(
                        APIError(.badRequest, code: "unsupported_data", "Messages are JSON in text frames."),
                        .unacceptableData)
                }
            }
        } catch {
            // The connection broke, which is one way to leave.
        }
    }

    private mutating func take(_ bytes: [UInt8]) async {
        guard !outlet.isClosed else { return }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            return await outlet.end(
                APIError(.badRequest, code: "invalid_json", "Text must be UTF-8."), .dataInconsistentWithMessage)
        }
        clock.touch()
        do throws(APIError) {
            let message = try StreamMessage.read(bytes, limits: limits, revision: settings.revision + 1)
            try await open(message)
            try await follow(message)
        } catch {
            if error.status == .unauthorized { return await outlet.end(error, .policyViolation) }
            // A fault in one message is no reason to stop speaking the others.
            try? await outlet.send(StreamEvent.Fault(error))
        }
    }

    /// Checks the key in the first message, where none came before it.
    private func open(_ message: StreamMessage) async throws(APIError) {
        guard clock.owner == nil else { return }
        guard case .configure(_, let key?) = message else {
            throw APIError(
                .unauthorized, .authentication, code: "missing_api_key",
                "This server asks for a key: send it first, in session.config as api_key.")
        }
        clock.open(
            try await keys.caller(
                of: HTTPRequest(method: .get, scheme: nil, authority: nil, path: nil), address: "stream", form: key))
    }

    private mutating func follow(_ message: StreamMessage) async throws(APIError) {
        switch message {
        case .configure(let settings, _):
            guard !isPending else {
                throw APIError(
                    .badRequest, code: "text_pending",
                    "The settings were not changed: text waits for input.done or input.cancel.")
            }
            // While the model is changed nobody can tell; then the first sentence does.
            if voices.source.takesRequests { makesUpVoice = try await StreamVoice(settings, from: voices).isMadeUp }
            self.settings = settings
            hasSpoken = false
        case .text(let piece): try add(piece)
        case .done: finish()
        case .cancel:
            desk.cancel(through: utterance)
            desk.add(.cancelled(utterance: utterance))
            text = ArrivingText()
            nextUtterance()
        case .close:
            if isPending { finish() }
            desk.add(.close)
        }
    }

    /// Whether an utterance has begun that is not complete.
    private var isPending: Bool { sentences > 0 || !text.rest.allSatisfy(\.isWhitespace) }

    private mutating func add(_ piece: String) throws(APIError) {
        let waiting = desk.characters + text.restLength
        guard waiting + piece.unicodeScalars.count <= limits.textCharacters else {
            throw APIError(
                .contentTooLarge, code: "text_too_long", parameter: "text",
                "The text was not taken: \(waiting) characters wait to be spoken already, and "
                    + "\(limits.textCharacters) may.")
        }
        text.append(piece)
        guard settings.granularity == .sentence else { return }
        for sentence in text.takeWhole(minimumSeconds: minimumSeconds) { speak(sentence) }
    }

    private mutating func finish() {
        switch settings.granularity {
        case .sentence: for sentence in text.takeAll(minimumSeconds: minimumSeconds) { speak(sentence) }
        case .utterance:
            if SpeakableText.isSpeakable(text.rest) { speak(text.rest) }
            text = ArrivingText()
        }
        desk.add(.finish(utterance: utterance, sentences: sentences))
        nextUtterance()
    }

    private mutating func nextUtterance() {
        utterance += 1
        sentences = 0
    }

    private var minimumSeconds: Double { makesUpVoice && !hasSpoken ? Self.voiceSeconds : 0 }

    private mutating func speak(_ sentence: String) {
        desk.add(
            .speak(StreamSentence(utterance: utterance, index: sentences, text: sentence, settings: settings)))
        sentences += 1
        hasSpoken = true
    }

    /// Says goodbye as the client did, where it did so properly.
    private func answerGoodbye(_ bytes: [UInt8]) async {
        guard bytes.count != 1, bytes.count < 2 || String(validating: bytes[2...], as: UTF8.self) != nil else {
            return await outlet.close(.protocolError)
        }
        guard bytes.count >= 2 else { return await outlet.close(.normalClosure) }
        let code = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
        let isKnown = (1000...1003).contains(code) || (1007...1014).contains(code) || (3000...4999).contains(code)
        await outlet.close(isKnown ? WebSocketErrorCode(codeNumber: Int(code)) : .protocolError)
    }
}
