import Hummingbird
import SpeechEngine
import SpeechStore

/// What was spoken.
struct HistoryRoutes: Sendable {
    var routes: [Route] {
        [
            Route(.get, "/api/v1/history", list),
            Route(.delete, "/api/v1/history") { exchange in
                try await exchange.store.clearHistory(owner: exchange.caller.sees)
                return Answers.deleted()
            },
            Route(.get, "/api/v1/history/{entry}") { Answers.json(try Report(try await entry($0))) },
            Route(.delete, "/api/v1/history/{entry}") { exchange in
                let entry = try await entry(exchange)
                try await exchange.store.deleteHistoryEntry(entry.id)
                return Answers.deleted(entry.id.description)
            },
            Route(.get, "/api/v1/history/{entry}/audio", audio),
            Route(.get, "/api/v1/history/{entry}/subtitles") { exchange in
                let fields = try exchange.query(["format"])
                let timings = try Self.timings(try await entry(exchange))
                return try SubtitleAnswer.make(
                    timings.speechMarks(), sampleRateHz: timings.sample_rate, fields)
            },
        ]
    }

    private func list(_ exchange: Exchange) async throws -> Response {
        let (limit, before) = try exchange.page()
        let store = try exchange.store
        // One more than the page tells whether there is another.
        let found = try await store.history(owner: exchange.caller.sees, before: before, limit: limit + 1)
        let entries = found.prefix(limit)
        return Answers.json(
            Page(
                is_kept: store.settings.keepsHistory, entries: try entries.map { try Report($0) },
                next: found.count > limit ? entries.last?.number : nil))
    }

    /// An entry that the caller may see; one of somebody else is not there.
    private func entry(_ exchange: Exchange) async throws -> HistoryEntry {
        let id = try exchange.recordID("entry", .history)
        let entry = try await exchange.store.historyEntry(id)
        guard exchange.caller.mayChange(entry.owner) else { throw StoreError.notFound(.history, id: id.description) }
        return entry
    }

    private func audio(_ exchange: Exchange) async throws -> Response {
        let format = try StoredSound.format(try exchange.query(["format"]))
        let entry = try await entry(exchange)
        let timings = try Self.timings(entry)
        return try await StoredSound(sampleRateHz: timings.sample_rate).answer(
            [StoredSound.Piece(entry.audio, in: try exchange.store)], format: format,
            name: "mynah-\(entry.id)", exchange: exchange)
    }

    fileprivate static func timings(_ entry: HistoryEntry) throws -> KeptTimings { try entry.timings.decode() }

    private struct Page: Encodable {
        let is_kept: Bool
        let entries: [Report]
        let next: Int64?
    }

    private struct Report: Encodable {
        let id: String
        let number: Int64
        let created: String
        let text: String
        let model: String
        let voice: String?
        let voice_id: String?
        let seed: String
        let parameters: KeptParameters
        let seconds: Double
        let sample_rate: Int
        let rtf: Double?
        let first_audio_seconds: Double?

        init(_ entry: HistoryEntry) throws {
            let timings = try HistoryRoutes.timings(entry)
            id = entry.id.description
            number = entry.number
            created = Answers.time(entry.created)
            text = entry.text
            model = entry.model
            voice = entry.voiceName
            voice_id = entry.voice?.description
            seed = "\(entry.seed)"
            parameters = try entry.parameters.decode()
            seconds = timings.seconds
            sample_rate = timings.sample_rate
            rtf = timings.rtf
            first_audio_seconds = timings.first_audio_seconds
        }
    }
}
