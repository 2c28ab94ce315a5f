import SpeechEngine

/// What clients of Gradio hear of a call, in its own words.
enum GradioMessage: Sendable {
    case estimation(event: String, rank: Int, etaSeconds: Double)
    case starts(event: String)
    case progress(event: String, seconds: Double, ofSeconds: Double)
    /// Something was ignored.
    case note(event: String, String)
    case completed(event: String, file: GradioFile.Description)
    case failed(event: String, message: String)
    case heartbeat
    case closeStream

    /// Whether the call is over.
    var endsCall: String? {
        switch self {
        case .completed(let event, _), .failed(let event, _): event
        default: nil
        }
    }

    /// As `queue/data` sends it.
    var queueEvent: [UInt8] {
        let json: [UInt8]
        switch self {
        case .estimation(let event, let rank, let eta):
            json = Answers.jsonBytes(
                Estimation(event_id: event, rank: rank, queue_size: rank + 1, rank_eta: eta))
        case .starts(let event): json = Answers.jsonBytes(Starts(event_id: event))
        case .progress(let event, let seconds, let whole):
            json = Answers.jsonBytes(
                Progress(event_id: event, progress_data: [.init(index: seconds, length: whole)]))
        case .note(let event, let text): json = Answers.jsonBytes(Note(event_id: event, log: text))
        case .completed(let event, let file):
            json = Answers.jsonBytes(Completed(event_id: event, output: .init(data: [file])))
        case .failed(let event, let message):
            json = Answers.jsonBytes(Failed(event_id: event, output: .init(error: message)))
        case .heartbeat: json = Array(#"{"msg":"heartbeat"}"#.utf8)
        case .closeStream: json = Array(#"{"msg":"close_stream"}"#.utf8)
        }
        return Array("data: ".utf8) + json + Array("\n\n".utf8)
    }

    /// As `call` sends it; nil for what it does not tell.
    var callEvent: [UInt8]? {
        switch self {
        case .completed(_, let file): ServerSentEvent.bytes("complete", [file])
        case .failed(_, let message): ServerSentEvent.bytes("error", CallFault(error: message))
        case .heartbeat: Array("event: heartbeat\ndata: null\n\n".utf8)
        case .estimation, .starts, .progress, .note, .closeStream: nil
        }
    }

    private struct Estimation: Encodable {
        var msg = "estimation"
        let event_id: String
        let rank: Int
        let queue_size: Int
        let rank_eta: Double
    }

    private struct Starts: Encodable {
        var msg = "process_starts"
        let event_id: String
    }

    private struct Progress: Encodable {
        struct Unit: Encodable {
            let index: Double
            let length: Double
            var unit = "seconds"
            var progress: Double?
            var desc: String?

            private enum Keys: String, CodingKey { case index, length, unit, progress, desc }

            /// Absent values are written as null: clients look for every one.
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Keys.self)
                try container.encode(index, forKey: .index)
                try container.encode(length, forKey: .length)
                try container.encode(unit, forKey: .unit)
                try container.encode(progress, forKey: .progress)
                try container.encode(desc, forKey: .desc)
            }
        }

        var msg = "progress"
        let event_id: String
        let progress_data: [Unit]
    }

    private struct Note: Encodable {
        var msg = "log"
        let event_id: String
        let log: String
        var level = "warning"
    }

    private struct Completed: Encodable {
        struct Output: Encodable {
            let data: [GradioFile.Description]
            var is_generating = false
        }

        var msg = "process_completed"
        let event_id: String
        let output: Output
        var success = true
    }

    private struct Failed: Encodable {
        struct Output: Encodable {
            let error: String
            var visible = true
            var duration = 10
            var title = "Error"
        }

        var msg = "process_completed"
        let event_id: String
        let output: Output
        var success = false
    }

    private struct CallFault: Encodable {
        let error: String
        var visible = true
    }
}
