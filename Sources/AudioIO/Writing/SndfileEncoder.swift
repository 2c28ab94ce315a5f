import CSndFile
import Glibc

/// Compressed sound by libsndfile: flac, ogg, opus, mp3.
final class SndfileEncoder: SampleEncoder {
    private let format: AudioFormat
    private let stream: EncodedStream
    private var handle: OpaquePointer?

    /// Frames per call: libsndfile's Vorbis writer puts a call's samples on its stack.
    private static let blockFrames = 2_048

    /// libsndfile's number for a format; nil for those it is not used for.
    static func code(of format: AudioFormat) -> Int? {
        switch format {
        case .wav, .pcm: return nil
        case .flac: return SF_FORMAT_FLAC | SF_FORMAT_PCM_16
        case .ogg: return SF_FORMAT_OGG | SF_FORMAT_VORBIS
        case .opus: return SF_FORMAT_OGG | SF_FORMAT_OPUS
        case .mp3: return SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III
        }
    }

    init(
        sink: any ByteSink, format: AudioFormat, rateHz: Int, options: EncodingOptions
    ) throws(AudioWriteError) {
        self.format = format
        if format == .mp3, let label = options.label { try sink.write(ID3Tag(label: label).bytes) }
        stream = EncodedStream(sink)
        guard let code = Self.code(of: format) else {
            throw .encoder(destination: sink.name, format: format, reason: "libsndfile is not used for it")
        }
        var info = SF_INFO()
        info.channels = 1
        info.samplerate = Int32(clamping: rateHz)
        info.format = Int32(code)
        guard sf_format_check(&info) != 0 else { throw .badRate(rateHz: rateHz, format: format) }
        handle = stream.open(&info)
        guard let handle else {
            throw stream.fault ?? .encoder(destination: sink.name, format: format, reason: Self.words(nil))
        }
        tune(handle, quality: options.quality, canPatch: sink.canPatch)
        // Before the first sample, so that streams begin with it.
        if format != .mp3 {
            for (kind, text) in options.label?.strings ?? [] { sf_set_string(handle, Int32(kind), text) }
        }
    }

    deinit { abandon() }

    func append(_ samples: UnsafeBufferPointer<Float>) throws(AudioWriteError) {
        guard let handle else { throw .closed(destination: stream.sink.name) }
        var taken = 0
        while taken < samples.count, let base = samples.baseAddress {
            let count = min(Self.blockFrames, samples.count - taken)
            let written = sf_writef_float(handle, base + taken, sf_count_t(count))
            if let fault = stream.fault { throw fault }
            guard written == count else {
                throw .encoder(destination: stream.sink.name, format: format, reason: Self.words(handle))
            }
            taken += count
        }
    }

    func finish() throws(AudioWriteError) {
        guard let open = handle else { return }
        handle = nil
        let code = sf_close(open)
        if let fault = stream.fault { throw fault }
        guard code == 0 else {
            let words = sf_error_number(code).map { String(cString: $0) } ?? "error \(code)"
            throw .encoder(destination: stream.sink.name, format: format, reason: words)
        }
    }

    func abandon() {
        guard let open = handle else { return }
        handle = nil
        stream.isDiscarding = true
        sf_close(open)
    }

    /// Settings that must come before the first sample.
    private func tune(_ handle: OpaquePointer, quality: Double, canPatch: Bool) {
        sf_command(handle, Int32(SFC_SET_CLIPPING), nil, Int32(SF_TRUE))
        let double = Int32(MemoryLayout<Double>.size)
        var quality = max(0, min(1, quality))
        switch format {
        case .wav, .flac, .pcm:
            break
        case .ogg:
            sf_command(handle, Int32(SFC_SET_VBR_ENCODING_QUALITY), &quality, double)
        case .opus:
            sf_command(handle, Int32(SFC_SET_VBR_ENCODING_QUALITY), &quality, double)
            // Pages of at most 200 ms let listeners hear while we generate.
            var milliseconds = 200.0
            sf_command(handle, Int32(SFC_SET_OGG_PAGE_LATENCY_MS), &milliseconds, double)
        case .mp3:
            // A stream cannot go back to write the table that variable rates need.
            var mode = Int32(canPatch ? SF_BITRATE_MODE_VARIABLE : SF_BITRATE_MODE_CONSTANT)
            sf_command(handle, Int32(SFC_SET_BITRATE_MODE), &mode, Int32(MemoryLayout<Int32>.size))
            sf_command(handle, Int32(SFC_SET_VBR_ENCODING_QUALITY), &quality, double)
        }
    }

    private static func words(_ handle: OpaquePointer?) -> String {
        guard let text = sf_strerror(handle) else { return "unknown fault" }
        return String(cString: text).split(separator: " ").filter { $0 != "Error" && $0 != ":" }
            .joined(separator: " ").trimmingSuffix(".")
    }
}

extension String {
    /// Without a final `mark`.
    fileprivate func trimmingSuffix(_ mark: String) -> String {
        hasSuffix(mark) ? String(dropLast(mark.count)) : self
    }
}
