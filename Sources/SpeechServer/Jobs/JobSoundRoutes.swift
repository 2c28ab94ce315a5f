import Archives
import AudioIO
import Foundation
import HTTPTypes
import Hummingbird
import SpeechEngine
import SpeechStore

/// What jobs came to: sound of one part and of all, archives, subtitles.
struct JobSoundRoutes: Sendable {
    var routes: [Route] {
        [
            Route(.get, "/api/v1/jobs/{job}/audio", joined),
            Route(.get, "/api/v1/jobs/{job}/parts/{part}/audio", part),
            Route(.get, "/api/v1/jobs/{job}/archive", archive),
            Route(.get, "/api/v1/jobs/{job}/subtitles") { exchange in
                let fields = try exchange.query(["format"])
                let spoken = try await spoken(exchange)
                return try SubtitleAnswer.make(spoken.marks, sampleRateHz: spoken.sampleRateHz, fields)
            },
        ]
    }

    /// The finished parts of a job, laid out one after the other.
    private struct Spoken {
        struct Part {
            let part: JobPart
            let sound: StoredSound.Piece
            let timings: KeptTimings
        }

        let job: Job
        let sampleRateHz: Int
        let parts: [Part]
        let marks: [SpeechMark]
    }

    private func spoken(_ exchange: Exchange) async throws -> Spoken {
        let job = try await JobRoutes.job(exchange)
        let store = try exchange.store
        let parameters: JobParameters = try job.parameters.decode()
        var parts: [Spoken.Part] = []
        var marks: [SpeechMark] = []
        var position = 0
        var rate: Int?
        for part in try await store.parts(of: job.id) {
            guard let audio = part.audio, let timings: KeptTimings = try part.timings?.decode() else { continue }
            // Another model may have spoken a later part: the rate of the first is that of the whole.
            let rateHz = rate ?? timings.sample_rate
            rate = rateHz
            let silence = parts.isEmpty ? 0 : Int(parameters.pause_seconds * Double(rateHz))
            position += silence
            let sound = StoredSound.Piece(audio, in: store, silenceBefore: silence)
            parts.append(Spoken.Part(part: part, sound: sound, timings: timings))
            if timings.sample_rate == rateHz {
                let starts = parameters.starts ?? []
                marks += timings.speechMarks(
                    from: marks.count, samples: position,
                    text: part.position < starts.count ? starts[part.position] : 0)
            }
            position += timings.samples * rateHz / max(timings.sample_rate, 1)
        }
        guard let rate else {
            throw APIError(.conflict, code: "nothing_finished", "No part of this job is finished yet.")
        }
        return Spoken(job: job, sampleRateHz: rate, parts: parts, marks: marks)
    }

    private func joined(_ exchange: Exchange) async throws -> Response {
        let format = try StoredSound.format(try exchange.query(["format"]))
        let spoken = try await spoken(exchange)
        return try await StoredSound(sampleRateHz: spoken.sampleRateHz).answer(
            spoken.parts.map(\.sound), format: format, name: "job-\(spoken.job.id)", exchange: exchange)
    }

    private func part(_ exchange: Exchange) async throws -> Response {
        let format = try StoredSound.format(try exchange.query(["format"]))
        let job = try await JobRoutes.job(exchange)
        guard let index = Int(exchange.values["part"] ?? ""),
            let part = try await exchange.store.part(index, of: job.id)
        else {
            throw APIError(.notFound, code: "part_not_found", "This job has \(job.partCount) parts, counted from 0.")
        }
        guard let audio = part.audio, let timings: KeptTimings = try part.timings?.decode() else {
            throw APIError(.conflict, code: "nothing_finished", "This part is \(part.state.rawValue).")
        }
        return try await StoredSound(sampleRateHz: timings.sample_rate).answer(
            [StoredSound.Piece(audio, in: try exchange.store)], format: format,
            name: "job-\(job.id)-\(index)", exchange: exchange)
    }

    /// A part after the other goes into the archive, and what came out to the client.
    private func archive(_ exchange: Exchange) async throws -> Response {
        let format = try StoredSound.format(try exchange.query(["format"]))
        let spoken = try await spoken(exchange)
        let subtitles = try SubtitleWriter(sampleRateHz: spoken.sampleRateHz).write(spoken.marks, as: .srt)
        let texts = Answers.jsonBytes(
            spoken.parts.map {
                ArchivedPart(file: Self.name($0.part, format), text: $0.part.text, seconds: $0.timings.seconds)
            })
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/zip", .cacheControl: "no-store", .generated: "true",
                .contentDisposition: "attachment; filename=\"job-\(spoken.job.id).zip\"",
            ],
            body: ResponseBody { writer in
                let zip = try ZipWriter(seconds: Int(spoken.job.changed.timeIntervalSince1970))
                try zip.add("parts.json", texts)
                try zip.add("subtitles.srt", Array(subtitles.utf8))
                for part in spoken.parts {
                    let bytes = try await VoiceShelf.offTheServer {
                        try StoredSound.encoded(part.sound, format: format, sampleRateHz: part.timings.sample_rate)
                    }
                    try zip.add(Self.name(part.part, format), bytes)
                    try await exchange.send(zip.take(), by: &writer)
                }
                try zip.finish()
                try await exchange.send(zip.take(), by: &writer)
                try await writer.finish(nil)
            })
    }

    private static func name(_ part: JobPart, _ format: AudioFormat) -> String {
        let digits = "\(part.position + 1)"
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits + "." + format.fileExtension
    }

    private struct ArchivedPart: Encodable {
        let file: String
        let text: String
        let seconds: Double
    }
}
