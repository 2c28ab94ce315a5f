import AudioIO
import HTTPTypes

/// The form in which a client wants its sound.
struct SoundForm: Sendable, Equatable {
    let format: AudioFormat
    /// The rate that is wished; nil for the model's.
    let rateHz: Int?

    /// The media type for the header.
    var mediaType: String { format.mediaType }

    /// The rate of the encoded sound of a model that speaks at `modelRateHz`.
    func encodedRateHz(for modelRateHz: Int) -> Int { format.encodedRateHz(for: rateHz ?? modelRateHz) }

    /// The form that a request's fields name.
    ///
    /// - Parameter usual: Where nothing is said.
    /// - Throws: `APIError`, listing the formats that this machine encodes.
    static func read(
        _ fields: JSONFields, key: String, usual: AudioFormat, usualRateHz: Int?
    ) throws(APIError) -> SoundForm {
        var format = usual
        if let name = try fields.string(key) {
            do throws(AudioWriteError) {
                format = try AudioFormat(named: name)
            } catch {
                let names = EncoderCatalog.encodable.map(\.rawValue).joined(separator: ", ")
                throw APIError.bad(key, code: "unsupported_format", "The field \(key) must be one of \(names).")
            }
        }
        let rate = try fields.integer("sample_rate", in: 8_000...48_000)
        return SoundForm(format: format, rateHz: rate ?? (format == .pcm ? usualRateHz : nil))
    }
}

/// Encodes sound piece by piece. Not for use by two tasks at once.
final class SoundEncoder {
    private final class Bytes { var pending: [UInt8] = [] }

    private let writer: AudioWriter
    private let bytes = Bytes()

    init(_ form: SoundForm, sampleRateHz: Int) throws(AudioWriteError) {
        let bytes = bytes
        writer = try AudioWriter(
            to: .receiver(name: "the client") { bytes.pending += $0 }, format: form.format, sampleRateHz: sampleRateHz,
            encodedRateHz: form.rateHz)
    }

    /// What came out since the last call; may be nothing, because encoders gather sound.
    func encode(_ samples: [Float]) throws(AudioWriteError) -> [UInt8] {
        try writer.append(samples)
        return take()
    }

    func finish() throws(AudioWriteError) -> [UInt8] {
        _ = try writer.finish()
        return take()
    }

    private func take() -> [UInt8] {
        defer { bytes.pending = [] }
        return bytes.pending
    }

    /// A whole speech at once, with true lengths in its headers.
    ///
    /// - Parameter label: Nil for what a person said.
    static func whole(
        _ samples: [Float], _ form: SoundForm, sampleRateHz: Int, label: AudioLabel? = AudioLabel()
    ) throws(AudioWriteError) -> [UInt8] {
        let audio = EncodedAudio()
        let writer = try AudioWriter(
            to: .memory(audio), format: form.format, sampleRateHz: sampleRateHz, encodedRateHz: form.rateHz,
            options: EncodingOptions(label: label))
        try writer.append(samples)
        _ = try writer.finish()
        return audio.bytes
    }
}
