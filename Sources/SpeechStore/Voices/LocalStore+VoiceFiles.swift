public import Foundation

/// A voice as one file: JSON with the audio in base64.
///
/// One file that any program reads, with nothing in it that could be taken for a path; see
/// `docs/decisions` for why it is no archive.
private struct VoiceFile: Codable {
    static let format = "mynah-voice"
    static let version = 1

    struct Audio: Codable {
        var mediaType: String
        var sha256: String
        var content: Data

        enum CodingKeys: String, CodingKey {
            case sha256, content
            case mediaType = "media_type"
        }
    }

    var format: String
    var version: Int
    var name: String
    var transcript: String
    var consent: String
    var created: Date
    var reference: Audio
    var preview: Audio?
    /// By the digest of the model.
    var latents: [String: Data]
}

extension LocalStore {
    public func exportVoice(_ id: RecordID) async throws -> Data {
        let voice = try await voice(id)
        var latents: [String: Data] = [:]
        for digest in voice.encodedFor { latents[digest] = try await self.latents(of: id, modelDigest: digest) }
        var preview: VoiceFile.Audio?
        if let audio = voice.preview { preview = try await packed(audio) }
        let file = VoiceFile(
            format: VoiceFile.format, version: VoiceFile.version, name: voice.name, transcript: voice.transcript,
            consent: voice.consent, created: voice.created, reference: try await packed(voice.reference),
            preview: preview, latents: latents)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return try encoder.encode(file)
    }

    public func importVoice(_ file: Data, name: String?) async throws -> Voice {
        // Base64 takes four bytes for three.
        let limit = (2 * settings.voiceAudioBytes + 8 * settings.latentsBytes) / 3 * 4
        guard file.count <= limit else {
            throw StoreError.tooLarge(field: "the voice file", count: file.count, limit: limit)
        }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let voice: VoiceFile
        do { voice = try decoder.decode(VoiceFile.self, from: file) } catch {
            throw StoreError.badVoiceFile(reason: "it is not JSON with all that a voice needs")
        }
        guard voice.format == VoiceFile.format, voice.version == VoiceFile.version else {
            throw StoreError.badVoiceFile(reason: "its format is \(voice.format.prefix(40)) \(voice.version)")
        }
        let new = NewVoice(
            name: name ?? voice.name, transcript: voice.transcript, consent: voice.consent,
            reference: try Self.unpacked(voice.reference), preview: try voice.preview.map(Self.unpacked))
        return try await addVoice(new, latents: voice.latents)
    }

    private func packed(_ audio: StoredAudio) async throws -> VoiceFile.Audio {
        VoiceFile.Audio(mediaType: audio.mediaType, sha256: audio.sha256, content: try await content(of: audio))
    }

    private static func unpacked(_ audio: VoiceFile.Audio) throws -> NewAudio {
        guard audio.sha256 == AudioFolder.sha256(of: audio.content) else {
            throw StoreError.badVoiceFile(reason: "the digest of its audio is not that of the audio")
        }
        return NewAudio(.bytes(audio.content), mediaType: audio.mediaType)
    }
}
