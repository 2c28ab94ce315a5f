import CSonic

/// Makes mono speech faster or slower and keeps its pitch, fed piece by piece.
///
/// libsonic finds the pitch periods of the voice and leaves some out, or repeats some. It works with 16 bits a sample: what
/// is louder than full scale is held at it. The sizes of the pieces change nothing, to the bit. Speed 1 gives every sample
/// back as it came, at once; other speeds hold back some 35 ms of what they were given.
///
/// The length is the input's over the speed, within a few thousandths for speech, and within 1.5 percent at worst: whole
/// periods have no finer measure.
///
/// Not for use by two tasks at once.
public final class TimeStretch {
    /// The speeds that there are.
    public static let speeds = 0.25...4.0
    /// The sample rates, in Hz, that libsonic has pitch periods for.
    static let ratesHz = 4_000...384_000

    /// How many times as fast as it came.
    public let speed: Double
    private let sampleRateHz: Int
    /// Nil where nothing was begun.
    private var stream: sonicStream?

    /// Prepares to stretch.
    ///
    /// - Throws: ``TimeStretchError`` for speeds outside of ``speeds``, and, unless the speed is 1, for rates below 4 kHz
    ///   or above 384 kHz.
    public init(speed: Double, sampleRateHz: Int) throws(TimeStretchError) {
        guard Self.speeds.contains(speed) else { throw .badSpeed(speed) }
        guard speed == 1 || Self.ratesHz.contains(sampleRateHz) else { throw .badRate(hertz: sampleRateHz) }
        self.speed = speed
        self.sampleRateHz = sampleRateHz
    }

    /// How many samples of a speed make so many that are heard, rounded up.
    public static func samples(for heard: Int, atSpeed speed: Double) -> Int {
        Int((Double(heard) * speed).rounded(.up))
    }

    deinit { if let stream { sonicDestroyStream(stream) } }

    /// Takes samples and returns those that are ready.
    ///
    /// - Throws: ``TimeStretchError/outOfMemory``.
    public func process(_ samples: [Float]) throws(TimeStretchError) -> [Float] {
        guard speed != 1, !samples.isEmpty else { return samples }
        let stream = try begun()
        // Beyond full scale the library's conversion to 16 bits is undefined, and so it is for what is no number.
        var bounded = samples.map { $0.isFinite ? min(max($0, -1), 1) : 0 }
        guard sonicWriteFloatToStream(stream, &bounded, Int32(bounded.count)) != 0 else { throw .outOfMemory }
        return ready(in: stream)
    }

    /// Ends a piece of speech and returns what was held back of it. What follows is stretched as if nothing had been before.
    ///
    /// - Throws: ``TimeStretchError/outOfMemory``.
    public func finish() throws(TimeStretchError) -> [Float] {
        guard let stream else { return [] }
        defer {
            sonicDestroyStream(stream)
            self.stream = nil
        }
        guard sonicFlushStream(stream) != 0 else { throw .outOfMemory }
        return ready(in: stream)
    }

    private func begun() throws(TimeStretchError) -> sonicStream {
        if let stream { return stream }
        guard let stream = sonicCreateStream(Int32(sampleRateHz), 1) else { throw .outOfMemory }
        sonicSetSpeed(stream, Float(speed))
        self.stream = stream
        return stream
    }

    private func ready(in stream: sonicStream) -> [Float] {
        let count = Int(sonicSamplesAvailable(stream))
        return [Float](unsafeUninitializedCapacity: count) { buffer, written in
            written = count > 0 ? Int(sonicReadFloatFromStream(stream, buffer.baseAddress, Int32(count))) : 0
        }
    }
}

/// Why sound could not be made faster or slower.
public enum TimeStretchError: Error, Equatable, Sendable {
    case badSpeed(Double)
    case badRate(hertz: Int)
    case outOfMemory
}

extension TimeStretchError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badSpeed(let speed):
            "speed is \(speed), but must be \(TimeStretch.speeds.lowerBound) to \(TimeStretch.speeds.upperBound)"
        case .badRate(let hertz):
            "sound of \(hertz) Hz cannot be made faster or slower: the rate must be \(TimeStretch.ratesHz.lowerBound) to "
                + "\(TimeStretch.ratesHz.upperBound) Hz"
        case .outOfMemory: "there is no memory to make sound faster or slower"
        }
    }
}
