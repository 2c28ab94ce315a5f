import SpeechEngine
import SpeechStore

/// What a job was asked for, as the store keeps it.
struct JobParameters: Codable, Sendable {
    var speech: KeptParameters
    /// Silence between parts in the joined sound.
    var pause_seconds: Double
    /// Where each part begins in the whole text, in Unicode scalars; nil where parts are lines of their own.
    var starts: [Int]?
}

/// A job as clients see it.
struct JobReport: Encodable {
    struct Part: Encodable {
        let index: Int
        let text: String
        let state: String
        let tries: Int
        let seed: String?
        let seconds: Double?
        let failure: String?

        init(_ part: JobPart) {
            index = part.position
            text = part.text
            state = part.state.rawValue
            tries = part.tries
            seed = part.seed.map { "\($0)" }
            seconds = (try? part.timings?.decode(KeptTimings.self))?.seconds
            failure = part.failure
        }
    }

    private struct Asked: Encodable {
        let speech: KeptParameters
        let pause_seconds: Double
    }

    let id: String
    let number: Int64
    let kind: String
    let title: String
    let state: String
    let model: String
    let voice: String?
    let created: String
    let changed: String
    let failure: String?
    let parts_total: Int
    let parts_finished: Int
    let parts_failed: Int
    private let parameters: Asked?
    var seconds: Double?
    var parts: [Part]?

    /// A job without its parts, but with the seconds that they have.
    init(_ job: Job, secondsIn store: any JobStoring) async throws {
        self.init(job)
        seconds = Self.seconds(try await store.parts(of: job.id).map { Part($0) })
    }

    init(_ job: Job, parts: [JobPart]? = nil) {
        id = job.id.description
        number = job.number
        kind = job.kind.rawValue
        title = job.title
        state = job.state.rawValue
        model = job.model
        voice = job.voiceName
        created = Answers.time(job.created)
        changed = Answers.time(job.changed)
        failure = job.failure
        parts_total = job.partCount
        parts_finished = job.finishedParts
        parts_failed = job.failedParts
        let asked: JobParameters? = try? job.parameters.decode()
        parameters = asked.map { Asked(speech: $0.speech, pause_seconds: $0.pause_seconds) }
        self.parts = parts?.map { Part($0) }
        seconds = self.parts.map(Self.seconds)
    }

    private static func seconds(_ parts: [Part]) -> Double { parts.reduce(0) { $0 + ($1.seconds ?? 0) } }
}
