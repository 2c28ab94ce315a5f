/// How sound is brought from one sample rate to another.
public enum ResamplingMethod: Sendable, Equatable {
    /// As `torchaudio.functional.resample` with its defaults: prompts of VoxCPM-0.5B and 1.5.
    case reference
    /// soxr at high quality, as librosa's default: prompts of VoxCPM2.
    case soxrHigh
    /// soxr at very high quality: for what listeners hear.
    case soxrVeryHigh

    /// Resamples a whole sound to `ceil(count * toHz / fromHz)` samples.
    ///
    /// - Throws: `ResampleError` for rates that are not positive, or when soxr refuses.
    public func resample(_ samples: [Float], fromHz: Int, toHz: Int) throws(ResampleError) -> [Float] {
        guard fromHz > 0, toHz > 0 else { throw .badRates(fromHz: fromHz, toHz: toHz) }
        guard fromHz != toHz, !samples.isEmpty else { return samples }
        switch self {
        case .reference:
            return try SincResampler(fromHz: fromHz, toHz: toHz).resample(samples)
        case .soxrHigh:
            return try SoxrResampler.resample(samples, fromHz: fromHz, toHz: toHz, quality: .high)
        case .soxrVeryHigh:
            return try SoxrResampler.resample(samples, fromHz: fromHz, toHz: toHz, quality: .veryHigh)
        }
    }
}

/// Why sound could not be resampled.
public enum ResampleError: Error, Equatable, Sendable {
    case badRates(fromHz: Int, toHz: Int)
    case soxr(reason: String)
}

extension ResampleError: CustomStringConvertible {
    /// What is wrong, without the full stop.
    var clause: String {
        switch self {
        case .badRates(let fromHz, let toHz):
            return "there is no way from \(fromHz) Hz to \(toHz) Hz, rates must lie between 1 and 1000000 Hz"
        case .soxr(let reason):
            return "the soxr library reports \"\(reason)\", check that libsoxr is installed whole"
        }
    }

    public var description: String { "Resampling failed: \(clause)." }
}
