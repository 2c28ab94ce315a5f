import Foundation
import Hummingbird
import SpeechEngine

extension SpeechAnswers {
    /// Server-sent events of all that happens: `queued`, `started`, `audio`, `mark`, `progress`, and `done` or `error` at
    /// the end, always.
    func progressEvents(_ speech: LiveSpeech) -> Response {
        let (form, exchange) = (form, exchange)
        return Response(
            status: .ok, headers: headers(speech, type: "text/event-stream"),
            body: ResponseBody { writer in
                let rate = speech.ticket.sampleRateHz
                let heartbeat = exchange.startHeartbeat()
                defer { heartbeat.stop() }
                let encoder = try SoundEncoder(form, sampleRateHz: rate)
                func send(_ name: String, _ value: some Encodable) async throws {
                    try await exchange.send(ServerSentEvent.bytes(name, value), by: &writer)
                }
                func sound(_ bytes: [UInt8]) async throws {
                    guard !bytes.isEmpty else { return }
                    try await send("audio", ["audio": Data(bytes).base64EncodedString()])
                }
                while let event = await speech.next() {
                    switch event {
                    case .queued(let position, let eta):
                        try await send("queued", Queued(position: position, eta_seconds: eta.inSeconds))
                    case .started(let seed, let parts):
                        try await send("started", Started(seed: "\(seed)", parts: parts))
                    case .audio(let samples, _): try await sound(try encoder.encode(samples))
                    case .mark(let mark): try await send("mark", Mark(mark, sampleRateHz: rate))
                    case .progress(let progress): try await send("progress", Progress(progress))
                    case .finished(let outcome):
                        if let error = APIError(outcome.end) {
                            try await send("error", ErrorBody(error: .init(error)))
                        } else {
                            try await sound(try encoder.finish())
                            try await send("done", Done(outcome))
                        }
                    }
                }
                heartbeat.stop()
                try await writer.finish(nil)
            })
    }
}

private struct Queued: Encodable {
    let position: Int
    let eta_seconds: Double
}

/// Seeds are strings because JavaScript rounds large numbers.
private struct Started: Encodable {
    let seed: String
    let parts: Int
}

private struct Mark: Encodable {
    let index: Int
    let text: String
    let text_start: Int
    let text_end: Int
    let start_seconds: Double
    let end_seconds: Double

    init(_ mark: SpeechMark, sampleRateHz: Int) {
        index = mark.index
        text = mark.text
        text_start = mark.textRange.lowerBound
        text_end = mark.textRange.upperBound
        (start_seconds, end_seconds) = mark.seconds(sampleRateHz: sampleRateHz)
    }
}

private struct Progress: Encodable {
    let seconds: Double
    let expected_seconds: Double
    let part: Int
    let parts: Int
    let rtf: Double

    init(_ progress: SpeechProgress) {
        seconds = progress.seconds
        expected_seconds = progress.expectedSeconds
        part = progress.part
        parts = progress.parts
        rtf = progress.rtf.isFinite ? progress.rtf : 0
    }
}

private struct Done: Encodable {
    let seed: String
    let seconds: Double
    let rtf: Double?
    let retries: [String]
    let is_complete: Bool
    let queue_wait_seconds: Double
    let first_audio_seconds: Double?

    init(_ outcome: SpeechOutcome) {
        seed = "\(outcome.seed)"
        seconds = outcome.seconds
        rtf = outcome.rtf
        retries = outcome.retries.map(\.rawValue)
        is_complete = outcome.isComplete
        queue_wait_seconds = outcome.queueWait.inSeconds
        first_audio_seconds = outcome.timeToFirstAudio?.inSeconds
    }
}
