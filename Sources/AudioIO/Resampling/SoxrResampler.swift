import CSoxr

/// The soxr resampler for one channel, fed piece by piece.
///
/// Not for use by two tasks at once.
public final class SoxrResampler {
    /// soxr's quality recipes.
    public enum Quality: Sendable {
        /// 20 bits: librosa's default.
        case high
        /// 28 bits.
        case veryHigh
    }

    private let handle: soxr_t
    private let ratio: Double

    /// Prepares a stream from one rate in Hz to another.
    ///
    /// - Throws: `ResampleError` for rates outside 1 Hz ... 1 MHz, or when soxr refuses them.
    public init(fromHz: Int, toHz: Int, quality: Quality = .veryHigh) throws(ResampleError) {
        guard (1...1_000_000).contains(fromHz), (1...1_000_000).contains(toHz) else {
            throw .badRates(fromHz: fromHz, toHz: toHz)
        }
        let recipe: Int32
        switch quality {
        case .high: recipe = SOXR_20_BITQ
        case .veryHigh: recipe = SOXR_28_BITQ
        }
        var spec = soxr_quality_spec(UInt(recipe), 0)
        var fault: soxr_error_t?
        let created = soxr_create(Double(fromHz), Double(toHz), 1, &fault, nil, &spec, nil)
        guard let created, fault == nil else {
            throw .soxr(reason: fault.map { String(cString: $0) } ?? "no resampler")
        }
        handle = created
        ratio = Double(toHz) / Double(fromHz)
    }

    deinit { soxr_delete(handle) }

    /// Takes samples and returns those that are ready; the filter's delay holds some back.
    ///
    /// - Throws: `ResampleError.soxr`.
    public func process(_ samples: UnsafeBufferPointer<Float>) throws(ResampleError) -> [Float] {
        var output: [Float] = []
        var taken = 0
        while taken < samples.count {
            let rest = UnsafeBufferPointer(rebasing: samples[taken...])
            let (used, ready) = try step(rest.baseAddress, count: rest.count)
            output.append(contentsOf: ready)
            taken += used
            if used == 0 && ready.isEmpty { break }
        }
        return output
    }

    /// Takes samples and returns those that are ready.
    public func process(_ samples: [Float]) throws(ResampleError) -> [Float] {
        try samples.withUnsafeBufferPointer { (buffer) throws(ResampleError) in try process(buffer) }
    }

    /// Ends the stream and returns what the filter held back. Nothing may follow.
    ///
    /// - Throws: `ResampleError.soxr`.
    public func finish() throws(ResampleError) -> [Float] {
        var output: [Float] = []
        while true {
            let (_, ready) = try step(nil, count: 0)
            if ready.isEmpty { return output }
            output.append(contentsOf: ready)
        }
    }

    /// Resamples a whole sound to `ceil(count * toHz / fromHz)` samples.
    ///
    /// - Throws: `ResampleError`.
    public static func resample(
        _ samples: [Float], fromHz: Int, toHz: Int, quality: Quality = .veryHigh
    ) throws(ResampleError) -> [Float] {
        let stream = try SoxrResampler(fromHz: fromHz, toHz: toHz, quality: quality)
        var output = try stream.process(samples)
        output += try stream.finish()
        let wanted = Int((Double(samples.count) * Double(toHz) / Double(fromHz)).rounded(.up))
        if output.count > wanted { output.removeLast(output.count - wanted) }
        if output.count < wanted { output += [Float](repeating: 0, count: wanted - output.count) }
        return output
    }

    /// One call of soxr: at most `count` samples in, one block out.
    private func step(_ input: UnsafePointer<Float>?, count: Int) throws(ResampleError) -> (used: Int, ready: [Float]) {
        let room = min(1 << 16, Int(Double(count) * ratio) + 1_024)
        var used = 0
        var fault: soxr_error_t?
        let ready = [Float](unsafeUninitializedCapacity: room) { buffer, written in
            fault = soxr_process(handle, input, count, &used, buffer.baseAddress, room, &written)
        }
        if let fault { throw .soxr(reason: String(cString: fault)) }
        return (used, ready)
    }
}
