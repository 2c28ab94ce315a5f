import CSndFile

/// What this machine's libsndfile really encodes, found by trying.
public enum EncoderCatalog {
    /// Formats that work here, in the order of `AudioFormat`. All of them can be streamed.
    public static let encodable: [AudioFormat] = AudioFormat.allCases.filter(works)

    /// libsndfile's name and version, such as "libsndfile-1.2.2".
    public static var libraryVersion: String {
        sf_version_string().map { String(cString: $0) } ?? "libsndfile"
    }

    /// Encodes a moment of silence to memory.
    private static func works(_ format: AudioFormat) -> Bool {
        guard SndfileEncoder.code(of: format) != nil else { return true }
        let sink = ReceiverSink(name: "trial") { _ in }
        let silence = [Float](repeating: 0, count: 4_800)
        let fault = caught { () throws(AudioWriteError) in
            let encoder = try SndfileEncoder(sink: sink, format: format, rateHz: 48_000, options: EncodingOptions())
            let inner = silence.withUnsafeBufferPointer { samples in
                caught { () throws(AudioWriteError) in try encoder.append(samples) }
            }
            if let inner { throw inner }
            try encoder.finish()
        }
        return fault == nil && sink.byteCount > 0
    }
}
