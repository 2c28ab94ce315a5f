import SpeechEngine

/// What the server says over a stream, besides sound. Seeds are strings because JavaScript rounds large numbers.
enum StreamEvent {
    struct Queue: Encodable {
        var type = "queue"
        let utterance_index: Int
        let sentence_index: Int
        let position: Int
        /// Seconds.
        let eta: Double
    }

    struct AudioStart: Encodable {
        var type = "audio.start"
        let utterance_index: Int
        let sentence_index: Int
        let sentence_text: String
        let format: String
        let sample_rate: Int
        let seed: String
    }

    struct AudioDone: Encodable {
        var type = "audio.done"
        let utterance_index: Int
        let sentence_index: Int
        let total_bytes: Int
        let seconds: Double
        let error: Bool
    }

    struct AudioCancelled: Encodable {
        var type = "audio.cancelled"
        let utterance_index: Int
    }

    struct SessionDone: Encodable {
        var type = "session.done"
        let utterance_index: Int
        let total_sentences: Int
        /// Whether a sentence is missing.
        let error: Bool
        /// Where the history has it; nil where it is not kept.
        let history_id: String?
    }

    struct Fault: Encodable {
        var type = "error"
        let message: String
        let code: String
        let param: String?
        let retry_after_seconds: Int?
        let utterance_index: Int?
        let sentence_index: Int?

        init(_ error: APIError, sentence: StreamSentence? = nil) {
            message = error.message
            code = error.code
            param = error.parameter
            retry_after_seconds = error.retryAfterSeconds
            utterance_index = sentence?.utterance
            sentence_index = sentence?.index
        }
    }
}

/// A sentence that is to be spoken.
struct StreamSentence: Sendable {
    /// Counts from 0 over the connection.
    let utterance: Int
    /// Counts from 0 over the utterance.
    let index: Int
    let text: String
    let settings: StreamSettings
}
