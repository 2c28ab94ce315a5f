import AudioIO
import HTTPTypes
import SpeechEngine

/// A recording that a client sent: judged by decoding it, whatever its name and type say.
struct Recording: Sendable {
    /// As it was recorded, in one channel.
    private(set) var audio: MonoAudio
    /// What is kept.
    private(set) var bytes: [UInt8]
    private(set) var mediaType: String

    /// - Parameter field: What messages call it.
    /// - Throws: 400 and 413.
    static func read(
        _ file: MultipartForm.File, field: String, limits: ServerConfiguration.Limits, sampleRateHz: Int? = nil
    ) async throws -> Recording {
        guard file.bytes.count <= limits.recordingBytes else {
            throw APIError(
                .contentTooLarge, code: "file_too_large", parameter: field,
                "The recording may have \(limits.recordingBytes) bytes at most.")
        }
        do {
            let audio = try await VoiceShelf.offTheServer {
                try AudioFile.readMono(
                    bytes: file.bytes, named: "the recording", sampleRateHz: sampleRateHz,
                    limits: DecodeLimits(
                        maxSeconds: 60, sampleRatesHz: 8_000...192_000, maxBytes: limits.recordingBytes))
            }
            return Recording(audio: audio, bytes: file.bytes, mediaType: type(of: file.bytes))
        } catch let error as AudioReadError {
            throw APIError.bad(field, code: "invalid_audio", APIError.sentence(error.description))
        }
    }

    /// Cuts silence from head and tail.
    mutating func trim() async throws {
        let whole = audio
        let (trimmed, encoded) = try await VoiceShelf.offTheServer {
            let trimmed = SilenceTrimmer().trim(whole)
            return (
                trimmed,
                try SoundEncoder.whole(
                    trimmed.samples, SoundForm(format: .wav, rateHz: nil), sampleRateHz: trimmed.sampleRateHz,
                    label: nil)
            )
        }
        (audio, bytes, mediaType) = (trimmed, encoded, AudioFormat.wav.mediaType)
    }

    /// The type of a file that was decoded, from its first bytes.
    private static func type(of bytes: [UInt8]) -> String {
        switch bytes.first {
        case UInt8(ascii: "f"): "audio/flac"
        case UInt8(ascii: "O"): "audio/ogg"
        case UInt8(ascii: "R"), UInt8(ascii: "r"): "audio/wav"
        default: "audio/mpeg"
        }
    }
}
