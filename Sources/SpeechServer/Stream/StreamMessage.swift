import Checkpoint

/// What a client says over a stream.
enum StreamMessage {
    case configure(StreamSettings, key: String?)
    case text(String)
    /// The utterance is complete.
    case done
    /// Nothing of what was said shall be spoken any more.
    case cancel
    /// The client has no more to say, and leaves when all was spoken.
    case close

    /// Reads a message.
    ///
    /// - Parameter revision: Tells these settings from earlier ones.
    /// - Throws: `APIError` for anything that is none.
    static func read(
        _ bytes: [UInt8], limits: ServerConfiguration.Limits, revision: Int
    ) throws(APIError) -> StreamMessage {
        let fields = try JSONFields(
            json: bytes, named: "message",
            limits: StrictJSON.Limits(byteCount: limits.messageBytes, depth: 8, valueCount: 1000))
        guard let type = try fields.string("type") else { throw APIError.missing("type") }
        switch type {
        case "session.config":
            return .configure(
                try StreamSettings(fields, revision: revision), key: try fields.string("api_key"))
        case "input.text":
            guard let text = try fields.string("text") else { throw APIError.missing("text") }
            return .text(text)
        case "input.done": return .done
        case "input.cancel": return .cancel
        case "session.close": return .close
        default:
            throw APIError.bad(
                "type",
                "There is no message '\(type.prefix(60))'; there are session.config, input.text, input.done, "
                    + "input.cancel and session.close.")
        }
    }
}
