import Glibc

/// `torchaudio.functional.resample` with its defaults: a sinc filter under a Hann window, six zero
/// crossings wide, rolled off at 0.99 of the lower Nyquist frequency, one filter per output phase.
///
/// The taps are computed in `Float`, operation by operation in torchaudio's order (it computes them in
/// the type of the waveform), because prompts are compared with the reference. Taps that the window
/// makes zero are left out.
public struct SincResampler: Sendable {
    /// Samples read per `outputStride` samples written.
    private let inputStride: Int
    private let outputStride: Int
    /// Per phase: where its taps start, in samples from the block's first; may be negative.
    private let starts: [Int]
    /// Per phase `tapsPerPhase` taps, padded with zeros to whole vectors.
    private let taps: [Float]
    private let tapsPerPhase: Int

    private static let zeroCrossings = 6.0
    private static let rolloff = 0.99
    private typealias Vector = SIMD8<Float>

    /// Computes the filters for a pair of rates in Hz.
    ///
    /// - Throws: `ResampleError.badRates` unless both lie between 1 Hz and 1 MHz.
    public init(fromHz: Int, toHz: Int) throws(ResampleError) {
        guard (1...1_000_000).contains(fromHz), (1...1_000_000).contains(toHz) else {
            throw .badRates(fromHz: fromHz, toHz: toHz)
        }
        let divisor = Self.greatestCommonDivisor(fromHz, toHz)
        let original = fromHz / divisor
        let target = toHz / divisor
        inputStride = original
        outputStride = target

        let base = Double(min(original, target)) * Self.rolloff
        let reach = Self.zeroCrossings * Double(original) / base
        let width = Int(reach.rounded(.up))
        let most = 2 * Int(reach) + 6
        tapsPerPhase = (most + Vector.scalarCount - 1) / Vector.scalarCount * Vector.scalarCount
        var starts = [Int](repeating: 0, count: target)
        var taps = [Float](repeating: 0, count: target * tapsPerPhase)
        for phase in 0..<target {
            let centre = Double(phase) * Double(original) / Double(target)
            let first = max(-width, Int((centre - reach).rounded(.down)) - 1)
            let last = min(width + original - 1, Int((centre + reach).rounded(.up)) + 1)
            starts[phase] = first
            let shift = Float(-phase) / Float(target)
            for offset in first...max(first, last) where offset - first < tapsPerPhase {
                taps[phase * tapsPerPhase + offset - first] = Self.tap(
                    shift + Float(offset) / Float(original), base: base, scale: base / Double(original))
            }
        }
        self.starts = starts
        self.taps = taps
    }

    /// One tap of the windowed sinc at `time`, in torchaudio's order of operations.
    private static func tap(_ time: Float, base: Double, scale: Double) -> Float {
        var t = time * Float(base)
        guard abs(t) < Float(zeroCrossings) else { return 0 }
        let cosine = cosf(t * Float.pi / Float(zeroCrossings) / 2)
        let window = cosine * cosine
        t *= Float.pi
        let sinc = t == 0 ? 1 : sinf(t) / t
        return sinc * (window * Float(scale))
    }

    /// Resamples a whole sound; the result has `ceil(count * toHz / fromHz)` samples.
    public func resample(_ samples: [Float]) -> [Float] {
        guard inputStride != outputStride, !samples.isEmpty else { return samples }
        // torch rounds the wanted length to a 32-bit float before it takes the ceiling.
        let wanted = Float(Double(outputStride * samples.count) / Double(inputStride)).rounded(.up)
        let blocks = samples.count / inputStride + 1
        let count = min(Int(wanted), blocks * outputStride)

        // Zeros on both sides let every filter run over its full length.
        let before = -(starts.min() ?? 0)
        let after = (starts.max() ?? 0) + tapsPerPhase + inputStride
        var padded = [Float](repeating: 0, count: before + samples.count + after)
        padded.replaceSubrange(before..<before + samples.count, with: samples)

        return [Float](unsafeUninitializedCapacity: count) { output, written in
            padded.withUnsafeBytes { input in
                taps.withUnsafeBytes { taps in
                    var phase = 0
                    var block = before
                    for index in 0..<count {
                        output[index] = dot(input, from: block + starts[phase], taps, from: phase * tapsPerPhase)
                        phase += 1
                        if phase == outputStride {
                            phase = 0
                            block += inputStride
                        }
                    }
                }
            }
            written = count
        }
    }

    /// The sum of products of one filter and the samples under it.
    @inline(__always)
    private func dot(
        _ input: UnsafeRawBufferPointer, from start: Int, _ taps: UnsafeRawBufferPointer, from first: Int
    ) -> Float {
        var sum = Vector()
        var offset = 0
        while offset < tapsPerPhase {
            let x = input.loadUnaligned(fromByteOffset: (start + offset) * 4, as: Vector.self)
            let w = taps.loadUnaligned(fromByteOffset: (first + offset) * 4, as: Vector.self)
            sum += x * w
            offset += Vector.scalarCount
        }
        return sum.sum()
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }
}
