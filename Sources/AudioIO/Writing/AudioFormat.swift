/// A kind of file or stream that speech leaves in.
public enum AudioFormat: String, CaseIterable, Sendable {
    /// RIFF wave; uncompressed.
    case wav
    /// Free lossless audio codec, 16 bits.
    case flac
    /// Vorbis in Ogg.
    case ogg
    /// Opus in Ogg.
    case opus
    /// MPEG layer 3.
    case mp3
    /// Bare little-endian samples without a header.
    case pcm

    /// The format called `name` (any case, with or without a leading dot), if this machine can encode it.
    ///
    /// - Throws: `AudioWriteError.unknownFormat`, listing what there is.
    public init(named name: String) throws(AudioWriteError) {
        let plain = (name.hasPrefix(".") ? String(name.dropFirst()) : name).lowercased()
        let format = AudioFormat(rawValue: plain) ?? Self.otherNames[plain]
        guard let format, EncoderCatalog.encodable.contains(format) else {
            throw .unknownFormat(name: name, available: EncoderCatalog.encodable)
        }
        self = format
    }

    private static let otherNames: [String: AudioFormat] = [
        "wave": .wav, "oga": .ogg, "vorbis": .ogg, "raw": .pcm, "s16le": .pcm,
    ]

    /// The usual ending of a file's name, without the dot.
    public var fileExtension: String { rawValue }

    /// The media type for HTTP.
    public var mediaType: String {
        switch self {
        case .wav: return "audio/wav"
        case .flac: return "audio/flac"
        case .ogg: return "audio/ogg"
        case .opus: return "audio/ogg; codecs=opus"
        case .mp3: return "audio/mpeg"
        case .pcm: return "audio/pcm"
        }
    }

    /// The rate at which sound of `rateHz` is encoded: opus and mp3 know a few rates only, and get the
    /// lowest of theirs that loses nothing, or their highest.
    public func encodedRateHz(for rateHz: Int) -> Int {
        let known: [Int]
        switch self {
        case .wav, .flac, .ogg, .pcm: return rateHz
        case .opus: known = [8_000, 12_000, 16_000, 24_000, 48_000]
        case .mp3: known = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]
        }
        return known.first { $0 >= rateHz } ?? known[known.count - 1]
    }
}

/// How samples are stored in wav and pcm.
public enum SampleType: String, CaseIterable, Sendable {
    case int16, int24, float32

    /// Bytes of one sample.
    var width: Int {
        switch self {
        case .int16: return 2
        case .int24: return 3
        case .float32: return 4
        }
    }
}

/// Choices within a format.
public struct EncodingOptions: Sendable, Equatable {
    /// For wav and pcm.
    public var sampleType: SampleType
    /// For ogg, opus and mp3: 0 (smallest) ... 1 (best).
    public var quality: Double
    /// What the file says of itself; nil for sound that no machine made.
    public var label: AudioLabel?

    public init(sampleType: SampleType = .int16, quality: Double = 0.6, label: AudioLabel? = AudioLabel()) {
        self.sampleType = sampleType
        self.quality = quality
        self.label = label
    }
}
