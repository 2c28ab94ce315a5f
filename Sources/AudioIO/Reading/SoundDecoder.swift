import CSndFile

/// Decodes an opened sound to one channel, block by block, within limits.
struct SoundDecoder {
    let source: String
    let limits: DecodeLimits

    /// Frames decoded at a time.
    private static let blockFrames = 4_096

    /// Reads all frames of `handle` and closes it.
    func decode(_ handle: OpaquePointer?, info: SF_INFO) throws(AudioReadError) -> MonoAudio {
        var mono: [Float] = []
        let promised = max(0, Int(clamping: info.frames))
        mono.reserveCapacity(min(promised, Int(limits.maxSeconds * Double(max(0, info.samplerate)))))
        let wasCutShort = try decode(handle, info: info) { block, _ in
            mono += block
            return true
        }
        return MonoAudio(samples: mono, sampleRateHz: Int(info.samplerate), wasCutShort: wasCutShort)
    }

    /// Reads frames of `handle` block by block and closes it.
    ///
    /// - Parameter take: Takes the next samples and their rate in Hz; false where it wants no more.
    /// - Returns: Whether there is less than the sound promised.
    func decode(
        _ handle: OpaquePointer?, info: SF_INFO, _ take: (_ samples: [Float], _ rateHz: Int) -> Bool
    ) throws(AudioReadError) -> Bool {
        guard let handle else {
            throw .damaged(source: source, reason: Self.reason(nil))
        }
        defer { sf_close(handle) }
        let channels = Int(info.channels)
        let rateHz = Int(info.samplerate)
        guard channels >= 1 && channels <= limits.maxChannels else {
            throw .tooManyChannels(source: source, channels: channels, limit: limits.maxChannels)
        }
        guard limits.sampleRatesHz.contains(rateHz) else {
            throw .rateOutOfRange(source: source, rateHz: rateHz, allowedHz: limits.sampleRatesHz)
        }
        let maxFrames = Int(limits.maxSeconds * Double(rateHz))
        var count = 0
        var block = [Float](repeating: 0, count: Self.blockFrames * channels)
        while true {
            let got = Int(sf_readf_float(handle, &block, sf_count_t(Self.blockFrames)))
            guard got > 0 else { break }
            guard count + got <= maxFrames else {
                throw .tooLong(source: source, limitSeconds: limits.maxSeconds)
            }
            var mono: [Float] = []
            mono.reserveCapacity(got)
            appendMean(of: block, frames: got, channels: channels, to: &mono)
            if let bad = mono.firstIndex(where: { !$0.isFinite }) {
                throw .notFinite(source: source, atSeconds: Double(count + bad) / Double(rateHz))
            }
            count += got
            guard take(mono, rateHz) else { return false }
        }
        let fault = sf_error(handle) != 0
        guard count > 0 else {
            if fault { throw .damaged(source: source, reason: Self.reason(handle)) }
            throw .noSamples(source: source)
        }
        // mp3 promises nothing: without a header its length is guessed from the file's, tags and pictures included.
        let isGuess = Int(info.format) & SF_FORMAT_TYPEMASK == SF_FORMAT_MPEG
        return fault || !isGuess && info.frames != sf_count_t.max && info.frames > count
    }

    /// Appends the mean over the channels of each frame.
    private func appendMean(of block: [Float], frames: Int, channels: Int, to mono: inout [Float]) {
        if channels == 1 {
            mono.append(contentsOf: block[..<frames])
            return
        }
        let divisor = Float(channels)
        block.withUnsafeBufferPointer { samples in
            for frame in 0..<frames {
                var sum: Float = 0
                for channel in 0..<channels { sum += samples[frame * channels + channel] }
                mono.append(sum / divisor)
            }
        }
    }

    /// libsndfile's words for the last fault, as a clause.
    private static func reason(_ handle: OpaquePointer?) -> String {
        guard let text = sf_strerror(handle) else { return "unknown fault" }
        var words = String(cString: text)
        for prefix in ["Error : ", "Error: "] where words.hasPrefix(prefix) { words.removeFirst(prefix.count) }
        while words.hasSuffix(".") || words.hasSuffix(" ") { words.removeLast() }
        return words
    }
}
