import Archives
public import Foundation

/// What a voice's archive says of itself: `voice.json`, beside the audio files that it names.
private struct VoiceSheet: Codable {
    static let format = "mynah-voice"
    static let version = 2
    static let name = "voice.json"

    struct Audio: Codable {
        var file: String
        var media_type: String
        var sha256: String
    }

    var format: String
    var version: Int
    var name: String
    var transcript: String
    var consent: String
    var created: Date
    var reference: Audio
    var preview: Audio?
}

/// A voice as one zip archive. What was encoded of it stays at home: it is made again where it is needed, and strangers'
/// numbers never reach the model.
extension LocalStore {
    public func exportVoice(_ id: RecordID) async throws -> Data {
        let voice = try await voice(id)
        let reference = try await content(of: voice.reference)
        var preview: Data?
        if let audio = voice.preview { preview = try await content(of: audio) }
        let sheet = VoiceSheet(
            format: VoiceSheet.format, version: VoiceSheet.version, name: voice.name, transcript: voice.transcript,
            consent: voice.consent, created: voice.created, reference: Self.entry("reference", voice.reference),
            preview: voice.preview.map { Self.entry("preview", $0) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        encoder.dateEncodingStrategy = .iso8601
        let zip = try ZipWriter(seconds: Int(voice.created.timeIntervalSince1970))
        try zip.add(VoiceSheet.name, Array(try encoder.encode(sheet)))
        try zip.add(sheet.reference.file, Array(reference))
        if let preview, let file = sheet.preview?.file { try zip.add(file, Array(preview)) }
        try zip.finish()
        return Data(zip.take())
    }

    public func importVoice(_ file: Data, name: String?, owner: RecordID?) async throws -> Voice {
        let limit = 2 * settings.voiceAudioBytes + (64 << 10)
        guard file.count <= limit else {
            throw StoreError.tooLarge(field: "the voice file", count: file.count, limit: limit)
        }
        let entries: [String: [UInt8]]
        do throws(ArchiveError) {
            entries = try ZipReader(maxEntries: 3, maxBytes: limit).read(Array(file))
        } catch {
            throw StoreError.badVoiceFile(reason: "\(error)")
        }
        guard let bytes = entries[VoiceSheet.name] else {
            throw StoreError.badVoiceFile(reason: "it has no \(VoiceSheet.name)")
        }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard let sheet = try? decoder.decode(VoiceSheet.self, from: Data(bytes)) else {
            throw StoreError.badVoiceFile(reason: "its \(VoiceSheet.name) is not JSON with all that a voice needs")
        }
        guard sheet.format == VoiceSheet.format, sheet.version == VoiceSheet.version else {
            throw StoreError.badVoiceFile(reason: "its format is \(sheet.format.prefix(40)) \(sheet.version)")
        }
        var new = NewVoice(
            name: name ?? sheet.name, transcript: sheet.transcript, consent: sheet.consent,
            reference: try Self.audio(sheet.reference, in: entries),
            preview: try sheet.preview.map { try Self.audio($0, in: entries) })
        new.owner = owner
        return try await addVoice(new)
    }

    private static func entry(_ name: String, _ audio: StoredAudio) -> VoiceSheet.Audio {
        let subtype = audio.mediaType.dropFirst("audio/".count).prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
        return VoiceSheet.Audio(
            file: "\(name).\(subtype.isEmpty ? "audio" : String(subtype))", media_type: audio.mediaType,
            sha256: audio.sha256)
    }

    private static func audio(_ audio: VoiceSheet.Audio, in entries: [String: [UInt8]]) throws -> NewAudio {
        guard let bytes = entries[audio.file] else {
            throw StoreError.badVoiceFile(reason: "it lacks a recording that its \(VoiceSheet.name) names")
        }
        let content = Data(bytes)
        guard audio.sha256 == AudioFolder.sha256(of: content) else {
            throw StoreError.badVoiceFile(reason: "the digest of its audio is not that of the audio")
        }
        return NewAudio(.bytes(content), mediaType: audio.media_type)
    }
}
