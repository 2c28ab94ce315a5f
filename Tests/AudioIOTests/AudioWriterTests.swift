import Foundation
import TestSupport
import Testing

@testable import AudioIO

/// Writing files and streams.
struct AudioWriterTests {
    private static let sine = Sounds.sine(hertz: 440, seconds: 0.5, rateHz: 44_100)

    @Test func waveHeaderTellsTrueSizes() throws {
        let bytes = try Sounds.encodedFile(Self.sine, as: .wav, rateHz: 44_100)
        let wave = try #require(WaveBytes(bytes))
        #expect(bytes.count == wave.soundStart + Self.sine.count * 2)
        #expect(Self.number(bytes, at: 4) == UInt32(bytes.count - 8))
        #expect(Self.number(bytes, at: 24) == 44_100)
        #expect(Self.number(bytes, at: 28) == 88_200)
        #expect(wave.announcedBytes == Self.sine.count * 2)
        let audio = try AudioFile.readMono(bytes: bytes, named: "memory")
        #expect(zip(audio.samples, Self.sine).allSatisfy { abs($0 - $1) < 1.0 / 16_384 })
    }

    @Test func streamedWaveSaysUnknownSizes() throws {
        let bytes = try Sounds.encoded(Self.sine, as: .wav, rateHz: 44_100)
        #expect(Self.number(bytes, at: 4) == .max)
        #expect(WaveBytes(bytes)?.announcedBytes == 0xFFFF_FFFF)
        #expect(try AudioFile.readMono(bytes: bytes, named: "memory").samples.count == Self.sine.count)
    }

    @Test(arguments: SampleType.allCases)
    func sampleTypesKeepTheirPrecision(type: SampleType) throws {
        let odd = Array(Self.sine[..<1_001])
        let bytes = try Sounds.encoded(odd, as: .wav, rateHz: 44_100, options: EncodingOptions(sampleType: type))
        let audio = try AudioFile.readMono(bytes: bytes, named: "memory")
        #expect(audio.samples.count == odd.count)
        let step: Float = [.int16: 1.0 / 16_000, .int24: 1.0 / 4_000_000, .float32: 0][type] ?? 0
        #expect(zip(audio.samples, odd).allSatisfy { abs($0 - $1) <= step })
    }

    @Test func bareSamplesAreLittleEndian() throws {
        let bytes = try Sounds.encoded([0, 1, -1, 0.5], as: .pcm, rateHz: 16_000)
        #expect(bytes == [0, 0, 0xFF, 0x7F, 0x01, 0x80, 0x00, 0x40])
    }

    @Test func overshootIsHeldAndCounted() throws {
        let folder = try ScratchFolder()
        let place = folder.file("loud.wav")
        let writer = try AudioWriter(to: .file(place), format: .wav, sampleRateHz: 16_000)
        try writer.append([0.5, 1.5, -3, 1, -1])
        let summary = try writer.finish()
        #expect(summary.peak == 3)
        #expect(summary.clippedSamples == 2)
        #expect(summary.samples == 5)
        let start = try #require(WaveBytes(Data(contentsOf: place))).soundStart
        #expect(summary.bytes == start + 10)
        let samples = try AudioFile.readMono(place).samples
        #expect(samples[1] > 0.999 && samples[2] < -0.999)

        let float = try Sounds.encoded(
            [1.5, -3], as: .wav, rateHz: 16_000, options: EncodingOptions(sampleType: .float32))
        #expect(try AudioFile.readMono(bytes: float, named: "memory").samples == [1.5, -3])
    }

    @Test(arguments: EncoderCatalog.encodable)
    func piecesEqualTheWhole(format: AudioFormat) throws {
        let whole = try Sounds.encoded(Self.sine, as: format, rateHz: 44_100)
        var bytes: [UInt8] = []
        let writer = try AudioWriter(
            to: .receiver(name: "memory") { bytes += Array($0) }, format: format, sampleRateHz: 44_100)
        var start = 0
        while start < Self.sine.count {
            let end = min(start + 1_764, Self.sine.count)
            try writer.append(Array(Self.sine[start..<end]))
            start = end
        }
        try writer.finish()
        if format == .opus || format == .ogg {
            // Ogg streams carry a random serial number, and Vorbis looks ahead as far as it has been fed.
            let inPieces = try AudioFile.readMono(bytes: bytes, named: "pieces").samples
            let atOnce = try AudioFile.readMono(bytes: whole, named: "whole").samples
            #expect(inPieces.count == atOnce.count)
            #expect(zip(inPieces, atOnce).allSatisfy { abs($0 - $1) < 0.02 })
        } else {
            #expect(bytes == whole)
        }
    }

    @Test(arguments: EncoderCatalog.encodable.filter { $0 != .pcm })
    func streamsAndFilesHoldTheSameSound(format: AudioFormat) throws {
        let file = try AudioFile.readMono(
            bytes: Sounds.encodedFile(Self.sine, as: format, rateHz: 44_100), named: "file")
        let stream = try AudioFile.readMono(
            bytes: Sounds.encoded(Self.sine, as: format, rateHz: 44_100), named: "stream")
        #expect(file.sampleRateHz == format.encodedRateHz(for: 44_100))
        #expect(abs(file.durationSeconds - 0.5) < 0.06)
        #expect(abs(stream.durationSeconds - 0.5) < 0.1)
        #expect(abs(Level(of: file.samples[5_000..<15_000]).rms - 0.3536) < 0.01)
    }

    @Test(arguments: EncoderCatalog.encodable)
    func nothingAtAllIsValid(format: AudioFormat) throws {
        let folder = try ScratchFolder()
        let place = folder.file("nothing")
        let writer = try AudioWriter(to: .file(place), format: format, sampleRateHz: 44_100)
        let summary = try writer.finish()
        #expect(summary.seconds == 0)
        #expect(try folder.entries == ["nothing"])
    }

    @Test func opusAndMp3ChangeUnknownRates() {
        #expect(AudioFormat.opus.encodedRateHz(for: 44_100) == 48_000)
        #expect(AudioFormat.opus.encodedRateHz(for: 16_000) == 16_000)
        #expect(AudioFormat.mp3.encodedRateHz(for: 44_100) == 44_100)
        #expect(AudioFormat.mp3.encodedRateHz(for: 96_000) == 48_000)
        #expect(AudioFormat.flac.encodedRateHz(for: 12_345) == 12_345)
    }

    @Test func qualityMattersForSize() throws {
        let noise = Sounds.noise(count: 44_100, seed: 5)
        for format in EncoderCatalog.encodable where [.ogg, .opus].contains(format) {
            let small = try Sounds.encoded(noise, as: format, rateHz: 44_100, options: EncodingOptions(quality: 0.1))
            let large = try Sounds.encoded(noise, as: format, rateHz: 44_100, options: EncodingOptions(quality: 0.9))
            #expect(small.count < large.count, "\(format)")
        }
    }

    @Test func formatsAreFoundByName() throws {
        #expect(try AudioFormat(named: "WAV") == .wav)
        #expect(try AudioFormat(named: ".flac") == .flac)
        #expect(try AudioFormat(named: "raw") == .pcm)
        let available = EncoderCatalog.encodable
        #expect(throws: AudioWriteError.unknownFormat(name: "aac", available: available)) {
            try AudioFormat(named: "aac")
        }
        #expect(EncoderCatalog.encodable.starts(with: [.wav]) && EncoderCatalog.encodable.contains(.pcm))
        #expect(AudioWriteError.unknownFormat(name: "aac", available: [.wav, .pcm]).description.contains("wav, pcm"))
    }

    private static func number(_ bytes: [UInt8], at offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }
}
