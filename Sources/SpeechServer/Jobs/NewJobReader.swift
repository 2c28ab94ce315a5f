import Foundation
import HTTPTypes
import HummingbirdCore
import SpeechEngine
import SpeechStore

/// Reads what a client wants spoken as a job.
struct NewJobReader: Sendable {
    let exchange: Exchange

    private static let lineLimit = 20_000
    private static let textLimit = 1_000_000
    /// A part of a long text, in estimated seconds: short enough to lose little in a crash, long enough for a melody.
    private static let partSeconds = 20.0
    private static let known: Set<String> = [
        "title", "voice", "seed", "cfg", "steps", "temperature", "attempts", "cutting", "max_seconds", "normalize",
        "speed", "pause_seconds", "lines", "text",
    ]

    /// What is to be said.
    private struct Script {
        var kind: Job.Kind
        var parts: [String]
        var starts: [Int]?
        var title: String
    }

    /// - Throws: 400, 413 and 415.
    func read() async throws -> NewJob {
        let fields: JSONFields
        let script: Script
        if exchange.mediaType == "multipart/form-data" {
            let form = try await exchange.form(
                limit: exchange.limits.textFileBytes + ServerConfiguration.Limits.formBytes, files: ["file"])
            fields = form.json(plain: ["title", "voice", "cutting", "split"])
            try fields.refuseOthers(than: Self.known.union(["split"]).subtracting(["lines", "text"]))
            script = try Self.script(
                try form.file("file"), split: try fields.choice("split", of: ["text", "lines"]) ?? "text",
                limit: exchange.limits.textFileBytes)
        } else {
            fields = try await exchange.json(limit: 4 * Self.textLimit + (1 << 20), valueCount: 2 * Self.lineLimit)
            try fields.refuseOthers(than: Self.known)
            script = try Self.script(fields)
        }
        var template = SpeechRequest("")
        let voice = try await exchange.services.voices.choose(try fields.nameOrID("voice"), for: &template)
        try SpeechFields.read(fields, into: &template)
        let parameters = JobParameters(
            speech: KeptParameters(template),
            pause_seconds: try fields.number("pause_seconds", in: 0...10) ?? 0.3, starts: script.starts)
        let title = try fields.string("title") ?? script.title
        var job = NewJob(
            kind: script.kind, title: title.allSatisfy(\.isWhitespace) ? "job" : title,
            model: exchange.services.voices.source.loaded?.name ?? "", voice: voice.own, builtInVoice: voice.builtIn,
            parameters: try JSONText(encoding: parameters), owner: exchange.caller.key, parts: script.parts)
        job.idempotencyKey = exchange.request.headers[.idempotencyKey]
        return job
    }

    private static func script(_ fields: JSONFields) throws(APIError) -> Script {
        if let lines = try fields.strings("lines", limit: lineLimit) {
            guard !fields.has("text") else {
                throw APIError.bad("text", "Send lines or text, not both.")
            }
            return try script(lines: lines, field: "lines", title: nil)
        }
        return try script(text: try fields.text("text", limit: textLimit), field: "text", title: nil)
    }

    private static func script(
        _ file: MultipartForm.File, split: String, limit: Int
    ) throws(APIError) -> Script {
        guard file.bytes.count <= limit else {
            throw APIError(
                .contentTooLarge, code: "file_too_large", parameter: "file", "The file may have \(limit) bytes at most."
            )
        }
        guard var text = String(validating: file.bytes, as: UTF8.self), !text.unicodeScalars.contains("\0") else {
            throw APIError.bad("file", code: "invalid_text", "The file is no text in UTF-8; save it as one.")
        }
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        let title = file.displayName.isEmpty ? nil : file.displayName
        let name = file.displayName.lowercased()
        if name.hasSuffix(".srt") {
            return try script(lines: try SubtitleFile.lines(text, limit: lineLimit), field: "file", title: title)
        }
        if split == "lines" {
            return try script(
                lines: text.split(whereSeparator: \.isNewline).map(String.init), field: "file", title: title)
        }
        return try script(text: text, field: "file", title: title)
    }

    /// Lines with something to say.
    private static func script(lines: [String], field: String, title: String?) throws(APIError) -> Script {
        let spoken = lines.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.filter(SpeakableText.isSpeakable)
        guard let first = spoken.first else {
            throw APIError.bad(field, code: "empty_string", "There is nothing to speak.")
        }
        guard spoken.count <= lineLimit else { throw APIError.bad(field, "There may be \(lineLimit) lines at most.") }
        if let index = spoken.firstIndex(where: { $0.unicodeScalars.count > 10_000 }) {
            throw APIError.bad(
                field, code: "string_above_max_length", "Line \(index + 1) has more than 10000 characters.")
        }
        return Script(kind: .batch, parts: spoken, title: title ?? String(first.prefix(60)))
    }

    private static func script(text: String, field: String, title: String?) throws(APIError) -> Script {
        guard text.unicodeScalars.count <= textLimit else {
            throw APIError.bad(
                field, code: "string_above_max_length", "The text may have \(textLimit) characters at most.")
        }
        var cutter = TextParts(limitSeconds: partSeconds, firstLimitSeconds: 12)
        cutter.firstMinimumSeconds = 3
        cutter.cutting = .paragraphs
        let parts = cutter.parts(of: text).filter { SpeakableText.isSpeakable($0.text) }
        guard let first = parts.first else {
            throw APIError.bad(field, code: "empty_string", "There is nothing to speak.")
        }
        guard parts.count <= lineLimit else { throw APIError.bad(field, "The text has more than \(lineLimit) parts.") }
        return Script(
            kind: .longText, parts: parts.map(\.text), starts: parts.map(\.range.lowerBound),
            title: title ?? String(first.text.prefix(60)))
    }
}
