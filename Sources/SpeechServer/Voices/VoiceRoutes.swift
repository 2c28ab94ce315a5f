import AudioIO
import Foundation
import HTTPTypes
import Hummingbird
import SpeechEngine
import SpeechStore

/// Voices: to look at, save, try, carry away and remove.
struct VoiceRoutes: Sendable {
    let source: any SpeechSource

    var routes: [Route] {
        [
            Route(.get, "/api/v1/voices") { Answers.json(try await $0.services.voices.list()) },
            Route(.post, "/api/v1/voices", add),
            Route(.post, "/api/v1/voices/check", check),
            Route(.post, "/api/v1/voices/import", bringIn),
            Route(.get, "/api/v1/voices/{voice}", one),
            Route(.patch, "/api/v1/voices/{voice}", rename),
            Route(.delete, "/api/v1/voices/{voice}", delete),
            Route(.get, "/api/v1/voices/{voice}/preview", preview),
            Route(.get, "/api/v1/voices/{voice}/export", export),
        ]
    }

    private func check(_ exchange: Exchange) async throws -> Response {
        let form = try await exchange.form(limit: exchange.limits.recordingFormBytes, files: ["audio"])
        try form.json(plain: ["transcript"]).refuseOthers(than: ["transcript"])
        let recording = try await Recording.read(try form.file("audio"), field: "audio", limits: exchange.limits)
        return Answers.json(VoiceAdvice(recording.audio, transcript: form.fields["transcript"]))
    }

    private func add(_ exchange: Exchange) async throws -> Response {
        let form = try await exchange.form(limit: exchange.limits.recordingFormBytes, files: ["audio"])
        let fields = form.json(plain: ["name", "transcript", "consent"])
        try fields.refuseOthers(than: ["name", "transcript", "consent", "trim"])
        var new = NewVoiceForm(
            name: try fields.text("name", limit: 200), transcript: try fields.text("transcript", limit: 2000),
            consent: "", isTrimmed: try fields.flag("trim") ?? false, file: try form.file("audio"), field: "audio")
        guard let consent = try fields.string("consent"), consent.contains(where: { !$0.isWhitespace }) else {
            throw APIError(StoreError.consentMissing)
        }
        new.consent = consent
        let (voice, advice) = try await Self.save(new, exchange: exchange)
        return Answers.json(VoiceBook.List.Voice(voice, advice: advice), status: .created)
    }

    /// A voice as it is sent in.
    struct NewVoiceForm {
        var name: String
        var transcript: String
        var consent: String
        var consentRecording: RecordID?
        var isTrimmed = false
        let file: MultipartForm.File
        let field: String
    }

    /// Decodes, checks and keeps a voice.
    ///
    /// - Throws: 400 for a recording that will not do.
    static func save(
        _ form: NewVoiceForm, exchange: Exchange
    ) async throws -> (voice: SpeechStore.Voice, advice: [VoiceAdvice.Item]) {
        let store = try exchange.store
        try expectFreeName(form.name, exchange)
        var recording = try await Recording.read(form.file, field: form.field, limits: exchange.limits)
        if form.isTrimmed { try await recording.trim() }
        let advice = VoiceAdvice(recording.audio, transcript: form.transcript)
        try advice.expectUsable(recording: form.field, transcript: "transcript")
        var voice = NewVoice(
            name: form.name, transcript: form.transcript, consent: form.consent,
            reference: NewAudio(.bytes(Data(recording.bytes)), mediaType: recording.mediaType))
        voice.owner = exchange.caller.key
        voice.consentRecording = form.consentRecording
        let saved = try await store.addVoice(voice)
        return (saved, advice.advice)
    }

    /// Names of the model's voices and of OpenAI's mean something else.
    private static func expectFreeName(_ name: String, _ exchange: Exchange) throws(APIError) {
        let plain = name.trimmingCharacters(in: .whitespaces).lowercased()
        let book = VoiceBook(exchange.services.voices.source.loaded).list.voices
        guard plain != "default", !book.contains(where: { $0.name.lowercased() == plain }), RecordID(plain) == nil
        else { throw APIError(StoreError.nameTaken(name.shown())) }
    }

    private func bringIn(_ exchange: Exchange) async throws -> Response {
        let name = try exchange.query(["name"], plain: ["name"]).string("name")
        guard exchange.mediaType == "application/zip" else {
            throw exchange.unread(
                .unsupportedMediaType, "unsupported_media_type",
                "Send the archive itself, with the header Content-Type: application/zip.")
        }
        let store = try exchange.store
        if let name { try Self.expectFreeName(name, exchange) }
        let file = try await exchange.body(
            limit: 2 * exchange.limits.recordingBytes + ServerConfiguration.Limits.formBytes)
        let voice = try await store.importVoice(Data(file), name: name, owner: exchange.caller.key)
        // What the archive calls a recording must be one, before anybody relies on it.
        do {
            let audio = store.file(of: voice.reference)
            let preview = voice.preview.map { store.file(of: $0) }
            _ = try await VoiceShelf.offTheServer {
                _ = try AudioFile.readMono(audio)
                if let preview { _ = try AudioFile.readMono(preview) }
            }
            try Self.expectFreeName(voice.name, exchange)
        } catch {
            try await store.deleteVoice(voice.id, spoken: .deleted)
            if let error = error as? AudioReadError {
                throw APIError(StoreError.badVoiceFile(reason: APIError.sentence(error.description)))
            }
            throw error
        }
        return Answers.json(VoiceBook.List.Voice(voice), status: .created)
    }

    private func one(_ exchange: Exchange) async throws -> Response {
        let name = exchange.values["voice"] ?? ""
        if let voice = try await exchange.services.voices.own(name) { return Answers.json(VoiceBook.List.Voice(voice)) }
        guard let voice = VoiceBook(source.loaded).list.voices.first(where: { $0.id == name }) else {
            throw Self.noVoice(name)
        }
        return Answers.json(voice)
    }

    private static func noVoice(_ name: String) -> APIError {
        APIError(
            .notFound, code: "voice_not_found",
            "There is no voice '\(name.shown(limit: 60))'; GET /api/v1/voices lists what there is.")
    }

    /// An own voice that the caller may change.
    private func changeable(_ exchange: Exchange) async throws -> SpeechStore.Voice {
        let name = exchange.values["voice"] ?? ""
        guard let voice = try await exchange.services.voices.own(name) else {
            if VoiceBook(source.loaded).list.voices.contains(where: { $0.id == name }) {
                throw APIError(
                    .conflict, code: "built_in_voice",
                    "This voice belongs to the model; it cannot be changed or removed.")
            }
            throw Self.noVoice(name)
        }
        try exchange.caller.expectOwner(voice.owner)
        return voice
    }

    private func rename(_ exchange: Exchange) async throws -> Response {
        let fields = try await exchange.json()
        try fields.refuseOthers(than: ["name"])
        let name = try fields.text("name", limit: 200)
        let voice = try await changeable(exchange)
        try Self.expectFreeName(name, exchange)
        return Answers.json(VoiceBook.List.Voice(try await exchange.store.renameVoice(voice.id, to: name)))
    }

    private func delete(_ exchange: Exchange) async throws -> Response {
        let spoken = try exchange.query(["spoken"]).choice("spoken", of: ["keep", "delete"])
        let voice = try await changeable(exchange)
        await exchange.services.jobs?.voiceGoes(voice.id)
        try await exchange.store.deleteVoice(voice.id, spoken: spoken == "delete" ? .deleted : .keptWithoutVoice)
        await source.forgetVoices()
        return Answers.deleted(voice.id.description)
    }

    private func preview(_ exchange: Exchange) async throws -> Response {
        let name = exchange.values["voice"] ?? ""
        let file: URL
        var label: AudioLabel? = AudioLabel()
        if let voice = try await exchange.services.voices.own(name) {
            file = try exchange.store.file(of: voice.preview ?? voice.reference)
            // The reference is what a person said, and no machine.
            if voice.preview == nil { label = nil }
        } else if let voice = source.loaded?.voices.first(where: { $0.name == name }) {
            guard let preview = voice.preview else {
                throw APIError(.notFound, code: "no_preview", "This voice has nothing to listen to beforehand.")
            }
            file = preview
        } else {
            throw Self.noVoice(name)
        }
        let bytes = try await VoiceShelf.offTheServer { [label] in
            let audio = try AudioFile.readMono(file)
            return try SoundEncoder.whole(
                audio.samples, SoundForm(format: .wav, rateHz: nil), sampleRateHz: audio.sampleRateHz, label: label)
        }
        return Answers.bytes(bytes, type: AudioFormat.wav.mediaType)
    }

    private func export(_ exchange: Exchange) async throws -> Response {
        let voice = try await changeable(exchange)
        let archive = try await exchange.store.exportVoice(voice.id)
        return Answers.bytes([UInt8](archive), type: "application/zip", name: "voice-\(voice.id).zip")
    }
}
