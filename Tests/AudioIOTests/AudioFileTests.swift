import Foundation
import TestSupport
import Testing

@testable import AudioIO

/// Reading good recordings.
struct AudioFileTests {
    @Test(arguments: EncoderCatalog.encodable.filter { $0 != .pcm })
    func everyFormatIsReadBack(format: AudioFormat) throws {
        let sine = Sounds.sine(hertz: 440, seconds: 1, rateHz: 48_000)
        let bytes = try Sounds.encoded(sine, as: format, rateHz: 48_000)
        let audio = try AudioFile.readMono(bytes: bytes, named: "memory")
        #expect(audio.sampleRateHz == 48_000)
        #expect(abs(audio.samples.count - sine.count) < 3_000)
        // LAME turns sound down by some percent.
        #expect(abs(Level(of: audio.samples[10_000..<30_000]).rms - 0.3536) < 0.02)
        #expect(!audio.wasCutShort)

        let folder = try ScratchFolder()
        let misnamed = try folder.file("sound.txt", holding: bytes)
        #expect(try AudioFile.readMono(misnamed).samples == audio.samples)
    }

    @Test func longSoundIsReadInPieces() throws {
        let noise = Sounds.noise(count: 50_000, seed: 2)
        let folder = try ScratchFolder()
        let file = try folder.file("a.flac", holding: try Sounds.encoded(noise, as: .flac, rateHz: 16_000))
        var pieces: [[Float]] = []
        try AudioFile.readBlocks(file, limits: .prompt) { samples, rateHz in
            #expect(rateHz == 16_000)
            pieces.append(samples)
            return true
        }
        let whole = try AudioFile.readMono(file).samples
        #expect(pieces.count > 5 && pieces.flatMap(\.self) == whole)
        var taken = 0
        try AudioFile.readBlocks(file, limits: .prompt) { _, _ in
            taken += 1
            return taken < 2
        }
        #expect(taken == 2, "who has enough is given no more")
        #expect(throws: AudioReadError.tooLong(source: file.path, limitSeconds: 1)) {
            try AudioFile.readBlocks(file, limits: DecodeLimits(maxSeconds: 1)) { _, _ in true }
        }
        let missing = folder.file("none.flac")
        #expect(throws: AudioReadError.notFound(source: missing.path)) {
            try AudioFile.readBlocks(missing, limits: .prompt) { _, _ in true }
        }
    }

    @Test func channelsAreAveraged() throws {
        let frames: [[Int16]] = [[16_384, 0, -16_384, 8_192], [32_767, 32_767, 32_767, 32_767]]
        let bytes = Sounds.wave(frames: frames, channels: 4, rateHz: 44_100)
        let audio = try AudioFile.readMono(bytes: bytes, named: "memory")
        #expect(audio.samples == [0.0625, 32_767.0 / 32_768.0])
    }

    @Test func rateIsChangedOnTheWay() throws {
        let sine = Sounds.sine(hertz: 200, seconds: 0.5, rateHz: 16_000)
        let bytes = try Sounds.encoded(sine, as: .wav, rateHz: 16_000, options: EncodingOptions(sampleType: .float32))
        let audio = try AudioFile.readMono(bytes: bytes, named: "memory", sampleRateHz: 44_100)
        #expect(audio.sampleRateHz == 44_100)
        #expect(audio.samples == (try SincResampler(fromHz: 16_000, toHz: 44_100).resample(sine)))
    }

    @Test func fixturesOfTheReferenceAreRead() throws {
        for name in ["v15/prompt.wav", "v05b/prompt.wav", "v05b/prompt_stereo.wav", "v05b/prompt_short.wav"] {
            let audio = try AudioFile.readMono(Fixtures.folder.appendingPathComponent(name))
            #expect(audio.samples.count > 100, "\(name)")
            #expect(!audio.wasCutShort, "\(name)")
        }
    }

    @Test func pipesAreRead() throws {
        let sine = Sounds.sine(hertz: 440, seconds: 0.3, rateHz: 24_000)
        let bytes = try Sounds.encoded(sine, as: .flac, rateHz: 24_000)
        let pipe = Pipe()
        Thread.detachNewThread {
            pipe.fileHandleForWriting.write(Data(bytes))
            try? pipe.fileHandleForWriting.close()
        }
        let audio = try AudioFile.readMono(
            fileDescriptor: pipe.fileHandleForReading.fileDescriptor, named: "standard input")
        #expect(audio.samples.count == sine.count)
    }

    @Test func openFilesAreReadFromTheStart() throws {
        let folder = try ScratchFolder()
        let wave = Sounds.wave(frames: [[1], [2], [3]], channels: 1, rateHz: 16_000)
        let handle = try FileHandle(forReadingFrom: folder.file("a.wav", holding: wave))
        let audio = try AudioFile.readMono(fileDescriptor: handle.fileDescriptor, named: "standard input")
        #expect(audio.samples.count == 3)
    }
}
