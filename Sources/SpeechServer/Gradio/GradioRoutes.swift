import AudioIO
import Checkpoint
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import SpeechEngine
import SpeechStore

/// What clients of Gradio look for who call the model's original page: `/generate` with its seven inputs.
///
/// Paths of files are ids of ours. No path that a client gives is opened, and no address fetched.
struct GradioRoutes: Sendable {
    /// The page's two functions, by number.
    private static let functions = ["generate", "prompt_wav_recognition"]
    private static let prefix = "/gradio_api"

    let source: any SpeechSource
    private let shelf = GradioShelf()
    private let desk = GradioDesk()
    private let config: String
    private let info: String

    /// - Throws: Where the files that describe the page are missing.
    init(source: any SpeechSource) throws {
        self.source = source
        config = try String(contentsOf: ServerFile.url("gradio-config.json"), encoding: .utf8)
        info = try String(contentsOf: ServerFile.url("gradio-info.json"), encoding: .utf8)
    }

    var routes: [Route] {
        [
            Route(.get, "/config") { _ in Answers.text(config, type: "application/json") },
            Route(.get, "\(Self.prefix)/info") { _ in Answers.text(info, type: "application/json") },
            Route(.post, "\(Self.prefix)/upload", upload),
            Route(.get, "\(Self.prefix)/file={file}", file),
            Route(.post, "\(Self.prefix)/queue/join", join),
            Route(.get, "\(Self.prefix)/queue/data", listen),
            Route(.post, "\(Self.prefix)/call/{function}", call),
            Route(.get, "\(Self.prefix)/call/{function}/{event}", listenToCall),
            Route(.post, "\(Self.prefix)/cancel", cancel),
            Route(.post, "\(Self.prefix)/reset", cancel),
        ]
    }

    // MARK: Files

    /// Takes a recording, and judges it by decoding it.
    private func upload(_ exchange: Exchange) async throws -> Response {
        let form = try await exchange.form(limit: exchange.limits.recordingFormBytes, files: ["files"])
        let bytes = try form.file("files").bytes
        let rate = source.loaded?.sampleRateHz
        do {
            let audio = try await VoiceShelf.offTheServer {
                try AudioFile.readMono(bytes: bytes, named: "the recording", sampleRateHz: rate, limits: .prompt)
            }
            return Answers.json([shelf.keep(GradioFile(owner: exchange.owner, content: .recording(audio)))])
        } catch let error as AudioReadError {
            throw APIError(.unsupportedMediaType, code: "invalid_audio", parameter: "files", "\(error)")
        }
    }

    private func file(_ exchange: Exchange) throws -> Response {
        guard case .speech(let bytes)? = shelf.file(exchange.values["file"] ?? "", of: exchange.owner)?.content else {
            throw APIError(.notFound, code: "file_not_found", "There is no such file here (any more).")
        }
        var response = Answers.bytes(bytes, type: AudioFormat.wav.mediaType, name: "audio.wav")
        response.headers[.generated] = "true"
        return response
    }

    // MARK: Calls

    private func join(_ exchange: Exchange) async throws -> Response {
        let fields = try await exchange.json()
        guard let function = try fields.integer("fn_index", in: 0...Self.functions.count - 1) else {
            throw APIError.missing("fn_index")
        }
        let session = try session(try fields.string("session_hash"))
        let box = try desk.makeBox("session \(session)", of: exchange.owner)
        return Answers.json(["event_id": try await begin(function, fields, "\(RecordID())", box, exchange)])
    }

    private func call(_ exchange: Exchange) async throws -> Response {
        let function = try function(exchange)
        let event = "\(RecordID())"
        let fields = try await exchange.json()
        let name = "call \(event)"
        let box = try desk.makeBox(name, of: exchange.owner)
        do {
            return Answers.json(["event_id": try await begin(function, fields, event, box, exchange)])
        } catch {
            // Nobody hears of this event, so nobody will ask for its box.
            desk.abandon(name, of: exchange.owner)
            throw error
        }
    }

    /// Begins a call. What is wrong with its inputs is told as the call's error; that there is no room, as the answer.
    private func begin(
        _ function: Int, _ fields: JSONFields, _ event: String, _ box: GradioBox, _ exchange: Exchange
    ) async throws(APIError) -> String {
        let head = exchange.request.head
        let speech = GradioSpeech(
            door: exchange.door(to: source), shelf: shelf, event: event, box: box,
            address: "\(head.scheme ?? "http")://\(head.authority ?? "localhost")")
        do throws(APIError) {
            let inputs = try Self.inputs(of: function, fields)
            let accepted = try await inputs.prompt == nil ? speech.submit(inputs.request) : nil
            desk.begin(event, of: exchange.owner, box) { await speech.run(inputs, accepted) }
        } catch {
            guard error.retryAfterSeconds == nil else { throw error }
            let message = error.message
            desk.begin(event, of: exchange.owner, box) { .failed(event: event, message: message) }
        }
        return event
    }

    private static func inputs(of function: Int, _ fields: JSONFields) throws(APIError) -> GradioInputs {
        guard function == 0 else {
            throw APIError(
                .notImplemented, code: "not_implemented",
                "This server does not recognise speech: write the prompt text yourself.")
        }
        guard let data = fields.object["data"]?.asArray else {
            throw APIError.bad("data", "The field data must be a list of the inputs.")
        }
        return try GradioInputs(data)
    }

    /// `cancel` and `reset`: both name the event.
    private func cancel(_ exchange: Exchange) async throws -> Response {
        if let event = try await exchange.json().string("event_id") { desk.cancel(event, of: exchange.owner) }
        return Answers.json(["success": true])
    }

    // MARK: Readers

    private func listen(_ exchange: Exchange) throws -> Response {
        let query = try FormFields(Array((exchange.request.uri.query ?? "").utf8))
        let name = "session \(try session(query["session_hash"]))"
        guard let box = desk.box(name, of: exchange.owner) else {
            throw APIError(.notFound, code: "session_not_found", "Session not found.")
        }
        return stream(box, name, exchange) { message in
            guard let event = message.endsCall, box.settle(event) else { return (message.queueEvent, false) }
            return (message.queueEvent + GradioMessage.closeStream.queueEvent, true)
        }
    }

    private func listenToCall(_ exchange: Exchange) throws -> Response {
        _ = try function(exchange)
        let name = "call \(exchange.values["event"] ?? "")"
        guard let box = desk.box(name, of: exchange.owner) else {
            return Answers.text(
                "event: error\ndata: {\"error\": \"404: Not Found\"}\n\n", type: "text/event-stream")
        }
        return stream(box, name, exchange) { message in (message.callEvent ?? [], message.endsCall != nil) }
    }

    /// Brings a box's messages to its reader, who ends its calls by going away.
    ///
    /// - Parameter write: What is sent for a message, and whether it is the last.
    private func stream(
        _ box: GradioBox, _ name: String, _ exchange: Exchange,
        write: @escaping @Sendable (GradioMessage) -> (bytes: [UInt8], isLast: Bool)
    ) -> Response {
        let desk = desk
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                let token = exchange.connection.listen { desk.abandon(name, of: exchange.owner) }
                defer { exchange.connection.forget(token) }
                while let message = await box.next(on: exchange.channel.eventLoop, beat: exchange.limits.heartbeatTime)
                {
                    let (bytes, isLast) = write(message)
                    try await exchange.send(bytes, by: &writer)
                    if isLast {
                        if name.hasPrefix("call") { desk.abandon(name, of: exchange.owner) }
                        break
                    }
                }
                try await writer.finish(nil)
            })
    }

    private func function(_ exchange: Exchange) throws(APIError) -> Int {
        let name = exchange.values["function"] ?? ""
        guard let index = Self.functions.firstIndex(of: name) else {
            throw APIError(
                .notFound, code: "not_found",
                "There is no function of this name; there are \(Self.functions.joined(separator: ", ")).")
        }
        return index
    }

    private func session(_ name: String?) throws(APIError) -> String {
        guard let name, (1...100).contains(name.utf8.count) else {
            throw APIError.bad("session_hash", "The field session_hash must have 1 to 100 characters.")
        }
        return name
    }
}
