import AudioIO
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import SpeechEngine
import SpeechStore

/// Brings a speech to the client: whole, piece by piece as it is made, or as server-sent events.
struct SpeechAnswers: Sendable {
    let exchange: Exchange
    let form: SoundForm
    /// What the client should know but need not act on.
    var warnings: [String] = []

    /// The whole speech with its length.
    func whole(_ speech: LiveSpeech) async throws -> Response {
        let (samples, outcome) = try await speech.whole()
        let bytes = try SoundEncoder.whole(samples, form, sampleRateHz: speech.ticket.sampleRateHz)
        var headers = headers(speech, type: form.mediaType)
        headers[.seed] = "\(outcome.seed)"
        return Response(headers: headers, bytes: bytes)
    }

    /// Every patch as it is made. What goes wrong after the first sound can only be told by ending without an end.
    func chunked(_ speech: LiveSpeech) async throws -> Response {
        let first = try await speech.firstAudio()
        let (form, exchange) = (form, exchange)
        return Response(
            status: .ok, headers: headers(speech, type: form.mediaType),
            body: ResponseBody { writer in
                let encoder = try SoundEncoder(form, sampleRateHz: speech.ticket.sampleRateHz)
                try await exchange.send(try encoder.encode(first), by: &writer)
                while let event = await speech.next() {
                    switch event {
                    case .audio(let samples, _): try await exchange.send(try encoder.encode(samples), by: &writer)
                    case .finished(let outcome): if let error = APIError(outcome.end) { throw error }
                    case .queued, .started, .mark, .progress: continue
                    }
                }
                try await exchange.send(try encoder.finish(), by: &writer)
                try await writer.finish(nil)
            })
    }

    /// Server-sent events of OpenAI's names.
    ///
    /// - Parameter inputTokens: The size of the text, for `usage`.
    func openAIEvents(_ speech: LiveSpeech, inputTokens: Int) async throws -> Response {
        let waiting = try await exchange.firstAudio(of: speech)
        let (form, exchange) = (form, exchange)
        return Response(
            status: .ok, headers: headers(speech, type: "text/event-stream"),
            body: ResponseBody { writer in
                let encoder = try SoundEncoder(form, sampleRateHz: speech.ticket.sampleRateHz)
                func send(_ event: some OpenAIEvent) async throws {
                    try await exchange.send(ServerSentEvent.bytes(event.type, event), by: &writer)
                }
                func delta(_ bytes: [UInt8]) async throws {
                    guard !bytes.isEmpty else { return }
                    try await send(OpenAIDelta(audio: Data(bytes).base64EncodedString()))
                }
                let heartbeat = exchange.startHeartbeat()
                switch await waiting.value {
                case .success(let first): try await delta(try encoder.encode(first))
                case .failure(let error):
                    heartbeat.stop()
                    try await send(OpenAIFault(error: .init(error)))
                    return try await writer.finish(nil)
                }
                while let event = await speech.next() {
                    switch event {
                    case .audio(let samples, _): try await delta(try encoder.encode(samples))
                    case .finished(let outcome):
                        if let error = APIError(outcome.end) {
                            try await send(OpenAIFault(error: .init(error)))
                        } else {
                            try await delta(try encoder.finish())
                            let made = outcome.seconds * speech.speed
                            let patches = Int((made / max(speech.model.secondsPerPatch, 0.01)).rounded())
                            try await send(OpenAIDone(input: inputTokens, output: patches))
                        }
                    case .queued, .started, .mark, .progress: continue
                    }
                }
                heartbeat.stop()
                try await writer.finish(nil)
            })
    }

    func headers(_ speech: LiveSpeech, type: String) -> HTTPFields {
        var headers: HTTPFields = [
            .contentType: type, .cacheControl: "no-store", .generated: "true",
            .sampleRate: "\(form.encodedRateHz(for: speech.ticket.sampleRateHz))", .seed: "\(speech.ticket.seed)",
        ]
        if let id = speech.historyID { headers[.historyID] = id.description }
        if !warnings.isEmpty { headers[.warning] = warnings.joined(separator: "; ") }
        return headers
    }
}

extension Response {
    fileprivate init(headers: HTTPFields, bytes: [UInt8]) {
        self.init(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension Exchange {
    /// Sends a piece of the answer; a client that does not take it in time loses its connection.
    func send(_ bytes: [UInt8], by writer: inout any ResponseBodyWriter) async throws {
        guard !bytes.isEmpty else { return }
        let channel = channel
        let time = TimeAmount(limits.writeTime)
        let patience = channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
        defer { patience.cancel() }
        try await writer.write(ByteBuffer(bytes: bytes))
    }
}

/// Events of a stream that browsers and SDKs read line by line.
enum ServerSentEvent {
    static func bytes(_ name: String, _ value: some Encodable) -> [UInt8] {
        Array("event: \(name)\ndata: ".utf8) + Answers.jsonBytes(value) + Array("\n\n".utf8)
    }
}

private protocol OpenAIEvent: Encodable {
    var type: String { get }
}

private struct OpenAIDelta: OpenAIEvent {
    var type = "speech.audio.delta"
    let audio: String
}

private struct OpenAIDone: OpenAIEvent {
    struct Usage: Encodable {
        let input_tokens: Int
        let output_tokens: Int
        let total_tokens: Int
    }

    var type = "speech.audio.done"
    let usage: Usage

    init(input: Int, output: Int) {
        usage = Usage(input_tokens: input, output_tokens: output, total_tokens: input + output)
    }
}

private struct OpenAIFault: OpenAIEvent {
    var type = "speech.audio.error"
    let error: ErrorBody.Content
}
