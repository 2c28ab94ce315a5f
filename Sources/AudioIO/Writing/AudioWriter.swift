public import Foundation
import Glibc

/// Writes speech piece by piece, as it is generated, to a file or a stream.
///
/// A file appears under its name on `finish`, whole, or not at all; an interrupted generation calls
/// `finish` early and leaves a valid, shorter file. Dropping the writer without `finish` abandons it.
/// Samples beyond full scale are held at full scale and counted, never wrapped around; only wav and pcm
/// in float32 keep them. Not for use by two tasks at once.
public final class AudioWriter {
    /// Where the sound goes.
    public enum Destination {
        /// A file, replaced whole; a pipe or device of that name is written to directly.
        case file(URL)
        /// Standard output.
        case standardOutput
        /// An open descriptor, which stays open; `name` is for messages.
        case descriptor(Int32, name: String)
        /// A function that takes each piece of encoded bytes; `name` is for messages.
        case receiver(name: String, (UnsafeRawBufferPointer) throws -> Void)
        /// Memory; headers tell true lengths, as in files.
        case memory(EncodedAudio)
    }

    /// What was written.
    public struct Summary: Sendable, Equatable {
        /// Samples appended.
        public var samples = 0
        /// Seconds of sound.
        public var seconds = 0.0
        /// Encoded bytes.
        public var bytes = 0
        /// Rate of the encoded sound in Hz: the format's where it does not know the original.
        public var encodedRateHz = 0
        /// Largest magnitude before limiting; 1 is full scale.
        public var peak: Float = 0
        /// Samples that were beyond full scale and were held at it.
        public var clippedSamples = 0
    }

    private let sink: any ByteSink
    private let encoder: any SampleEncoder
    private let resampler: SoxrResampler?
    private let rateHz: Int
    private let keepsOvershoot: Bool
    private var summary = Summary()
    private var isOpen = true

    /// Opens a destination.
    ///
    /// - Parameters:
    ///   - sampleRateHz: rate of the samples to come, in Hz; opus and mp3 resample where they must.
    ///   - encodedRateHz: rate that is wished for the encoded sound, in Hz; nil for that of the samples.
    /// - Throws: `AudioWriteError`, where the destination or the format cannot be had.
    public init(
        to destination: Destination, format: AudioFormat, sampleRateHz: Int, encodedRateHz: Int? = nil,
        options: EncodingOptions = EncodingOptions()
    ) throws(AudioWriteError) {
        guard EncoderCatalog.encodable.contains(format) else {
            throw .unknownFormat(name: format.rawValue, available: EncoderCatalog.encodable)
        }
        let wishedHz = encodedRateHz ?? sampleRateHz
        for rate in [sampleRateHz, wishedHz] where !(1...768_000).contains(rate) {
            throw .badRate(rateHz: rate, format: format)
        }
        let sink = try Self.sink(for: destination)
        do throws(AudioWriteError) {
            let encodedHz = format.encodedRateHz(for: wishedHz)
            resampler = try Self.resampler(from: sampleRateHz, to: encodedHz, name: sink.name)
            switch format {
            case .wav, .pcm:
                encoder = try PlainEncoder(
                    sink: sink, rateHz: encodedHz, hasHeader: format == .wav, options: options)
                keepsOvershoot = options.sampleType == .float32
            case .flac, .ogg, .opus, .mp3:
                encoder = try SndfileEncoder(sink: sink, format: format, rateHz: encodedHz, options: options)
                keepsOvershoot = false
            }
            summary.encodedRateHz = encodedHz
        } catch {
            sink.abandon()
            throw error
        }
        self.sink = sink
        rateHz = sampleRateHz
    }

    deinit { abandon() }

    /// Appends samples.
    ///
    /// - Throws: `AudioWriteError`; the writer is then closed and a file under way is gone.
    public func append(_ samples: [Float]) throws(AudioWriteError) {
        let fault = samples.withUnsafeBufferPointer { buffer in
            caught { () throws(AudioWriteError) in try append(buffer) }
        }
        if let fault { throw fault }
    }

    /// Appends samples.
    ///
    /// - Throws: `AudioWriteError`; the writer is then closed and a file under way is gone.
    public func append(_ samples: UnsafeBufferPointer<Float>) throws(AudioWriteError) {
        guard isOpen else { throw .closed(destination: sink.name) }
        do throws(AudioWriteError) {
            let limited = try limit(samples)
            if let resampler {
                try encode(held(try resampled { () throws(ResampleError) in try resampler.process(limited) }))
            } else {
                try encode(limited)
            }
            summary.samples += samples.count
        } catch {
            abandon()
            throw error
        }
    }

    /// Ends the sound, makes the file appear, and says what was written.
    ///
    /// - Throws: `AudioWriteError`; a file under way is then gone.
    @discardableResult
    public func finish() throws(AudioWriteError) -> Summary {
        guard isOpen else { throw .closed(destination: sink.name) }
        do throws(AudioWriteError) {
            if let resampler {
                try encode(held(try resampled { () throws(ResampleError) in try resampler.finish() }))
            }
            try encoder.finish()
            summary.bytes = sink.byteCount
            try sink.finish()
        } catch {
            abandon()
            throw error
        }
        isOpen = false
        summary.seconds = Double(summary.samples) / Double(rateHz)
        return summary
    }

    /// Gives up: a file under way disappears, a stream just ends. Does nothing after `finish`.
    public func abandon() {
        guard isOpen else { return }
        isOpen = false
        encoder.abandon()
        sink.abandon()
    }

    private func encode(_ samples: [Float]) throws(AudioWriteError) {
        let fault = samples.withUnsafeBufferPointer { buffer in
            caught { () throws(AudioWriteError) in try encoder.append(buffer) }
        }
        if let fault { throw fault }
    }

    /// Notes the peak, refuses what is not a number, holds the rest within full scale.
    private func limit(_ samples: UnsafeBufferPointer<Float>) throws(AudioWriteError) -> [Float] {
        var peak = summary.peak
        var beyond = 0
        for (index, sample) in samples.enumerated() {
            guard sample.isFinite else {
                throw .notFinite(destination: sink.name, atSample: summary.samples + index)
            }
            let magnitude = abs(sample)
            peak = max(peak, magnitude)
            if magnitude > 1 { beyond += 1 }
        }
        summary.peak = peak
        if keepsOvershoot || beyond == 0 { return Array(samples) }
        summary.clippedSamples += beyond
        return held(Array(samples))
    }

    private func held(_ samples: [Float]) -> [Float] {
        keepsOvershoot ? samples : samples.map { max(-1, min(1, $0)) }
    }

    private func resampled(_ work: () throws(ResampleError) -> [Float]) throws(AudioWriteError) -> [Float] {
        do throws(ResampleError) {
            return try work()
        } catch {
            throw .resampling(destination: sink.name, fault: error)
        }
    }

    private static func resampler(
        from rateHz: Int, to encodedHz: Int, name: String
    ) throws(AudioWriteError) -> SoxrResampler? {
        guard rateHz != encodedHz else { return nil }
        do throws(ResampleError) {
            return try SoxrResampler(fromHz: rateHz, toHz: encodedHz)
        } catch {
            throw .resampling(destination: name, fault: error)
        }
    }
}
