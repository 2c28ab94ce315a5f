import Foundation
import Hummingbird
import SpeechEngine
import SpeechStore

/// OpenAI's custom voices: a recorded consent first, then the voice that rests on it.
struct OpenAIVoiceRoutes: Sendable {
    var routes: [Route] {
        [
            Route(.post, "/v1/audio/voices", add),
            Route(.post, "/v1/audio/voice_consents", addConsent),
            Route(.get, "/v1/audio/voice_consents") { exchange in
                Answers.json(ConsentList(try await exchange.store.consents()))
            },
            Route(.get, "/v1/audio/voice_consents/{consent}") { exchange in
                Answers.json(
                    ConsentReport(try await exchange.store.consent(try Self.id(exchange.values["consent"] ?? ""))))
            },
            Route(.delete, "/v1/audio/voice_consents/{consent}", access: .admin) { exchange in
                let id = try Self.id(exchange.values["consent"] ?? "")
                try await exchange.store.deleteConsent(id)
                return Answers.deleted(Self.prefix + id.description)
            },
        ]
    }

    fileprivate static let prefix = "cons_"

    private static func id(_ text: String) throws(APIError) -> RecordID {
        guard text.hasPrefix(prefix), let id = RecordID(String(text.dropFirst(prefix.count))) else {
            throw APIError(StoreError.notFound(.consent, id: text.shown(limit: 60)))
        }
        return id
    }

    private func addConsent(_ exchange: Exchange) async throws -> Response {
        let form = try await exchange.form(limit: exchange.limits.recordingFormBytes, files: ["recording"])
        let fields = form.json(plain: ["name", "language"])
        let name = try fields.text("name", limit: 200)
        let language = try fields.text("language", limit: 35)
        let recording = try await Recording.read(
            try form.file("recording"), field: "recording", limits: exchange.limits)
        let consent = try await exchange.store.addConsent(
            name: name, language: language,
            recording: NewAudio(.bytes(Data(recording.bytes)), mediaType: recording.mediaType))
        return Answers.json(ConsentReport(consent))
    }

    private func add(_ exchange: Exchange) async throws -> Response {
        let form = try await exchange.form(
            limit: exchange.limits.recordingFormBytes, files: ["audio_sample"])
        let fields = form.json(plain: ["name", "consent", "transcript"])
        let name = try fields.text("name", limit: 200)
        guard let word = try fields.string("consent") else { throw APIError(StoreError.consentMissing) }
        let consent = try await exchange.store.consent(try Self.id(word))
        let (voice, _) = try await VoiceRoutes.save(
            VoiceRoutes.NewVoiceForm(
                name: name, transcript: try fields.text("transcript", limit: 2000),
                consent:
                    "\(consent.name) consented in a recording (\(consent.language)) of \(Answers.time(consent.created)), "
                    + "SHA-256 \(consent.recording.sha256).",
                consentRecording: consent.id, file: try form.file("audio_sample"), field: "audio_sample"),
            exchange: exchange)
        return Answers.json(VoiceReport(voice))
    }

    private struct VoiceReport: Encodable {
        let id: String
        let object = "audio.voice"
        let created_at: Int
        let name: String

        init(_ voice: SpeechStore.Voice) {
            id = voice.id.description
            created_at = Int(voice.created.timeIntervalSince1970)
            name = voice.name
        }
    }
}

private struct ConsentReport: Encodable {
    let id: String
    let object = "audio.voice_consent"
    let created_at: Int
    let language: String
    let name: String

    init(_ consent: Consent) {
        id = OpenAIVoiceRoutes.prefix + consent.id.description
        created_at = Int(consent.created.timeIntervalSince1970)
        language = consent.language
        name = consent.name
    }
}

private struct ConsentList: Encodable {
    let object = "list"
    let data: [ConsentReport]
    let has_more = false

    init(_ consents: [Consent]) { data = consents.map { ConsentReport($0) } }
}
