/// Why a sound could not be read. `source` is the file's path, or a name such as "standard input".
public enum AudioReadError: Error, Equatable, Sendable {
    case notFound(source: String)
    case isFolder(source: String)
    case notReadable(source: String, reason: String)
    case notAudio(source: String)
    case damaged(source: String, reason: String)
    case noSamples(source: String)
    case notFinite(source: String, atSeconds: Double)
    case tooLong(source: String, limitSeconds: Double)
    case tooManyBytes(source: String, limit: Int)
    case tooManyChannels(source: String, channels: Int, limit: Int)
    case rateOutOfRange(source: String, rateHz: Int, allowedHz: ClosedRange<Int>)
    case resampling(source: String, fault: ResampleError)
}

extension AudioReadError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFound(let source):
            return "There is no file \(source): check the path."
        case .isFolder(let source):
            return "\(source) is a folder: name an audio file in it."
        case .notReadable(let source, let reason):
            return "\(source) cannot be read (\(reason)): check its permissions."
        case .notAudio(let source):
            return "\(source) is not audio that can be read: give a wav, flac, ogg, opus or mp3 file."
        case .damaged(let source, let reason):
            return "\(source) is damaged and cannot be decoded (\(reason)): export it again, best as wav."
        case .noSamples(let source):
            return "\(source) holds no sound at all: give a recording of some seconds."
        case .notFinite(let source, let atSeconds):
            return
                "\(source) holds samples that are not numbers (at \(hundredths(atSeconds)) s): "
                + "export it again as 16-bit wav."
        case .tooLong(let source, let limitSeconds):
            return "\(source) is longer than \(hundredths(limitSeconds)) s, the most allowed here: cut it."
        case .tooManyBytes(let source, let limit):
            return "\(source) has more than \(limit) bytes, the most allowed here: give a shorter recording."
        case .tooManyChannels(let source, let channels, let limit):
            return "\(source) has \(channels) channels, more than the \(limit) allowed: mix it down to mono."
        case .rateOutOfRange(let source, let rateHz, let allowedHz):
            return
                "\(source) has a sample rate of \(rateHz) Hz, outside \(allowedHz.lowerBound) to "
                + "\(allowedHz.upperBound) Hz: export it again at 44100 Hz."
        case .resampling(let source, let fault):
            return "\(source) cannot be brought to the wanted rate: \(fault.clause)."
        }
    }
}

/// A number with at most two decimals, for messages.
func hundredths(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
}
