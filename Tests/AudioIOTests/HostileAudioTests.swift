import Foundation
import Testing

@testable import AudioIO

/// Files that lie, break off, or are something else.
struct HostileAudioTests {
    private static let second = [[Int16]](repeating: [1_000], count: 16_000)

    private func read(_ bytes: [UInt8], limits: DecodeLimits = .prompt) throws -> MonoAudio {
        try AudioFile.readMono(bytes: bytes, named: "upload", limits: limits)
    }

    @Test func missingFolderOrTextInsteadOfAFile() throws {
        let folder = try ScratchFolder()
        let missing = folder.file("none.wav")
        #expect(throws: AudioReadError.notFound(source: missing.path)) { try AudioFile.readMono(missing) }
        #expect(throws: AudioReadError.isFolder(source: folder.url.path)) { try AudioFile.readMono(folder.url) }
        let text = try folder.file("speech.wav", holding: Array("Good morning. Shall we begin?".utf8))
        #expect(throws: AudioReadError.notAudio(source: text.path)) { try AudioFile.readMono(text) }
        let empty = try folder.file("empty.wav", holding: [])
        #expect(throws: AudioReadError.noSamples(source: empty.path)) { try AudioFile.readMono(empty) }
        let inside = text.appendingPathComponent("a.wav")
        #expect(throws: AudioReadError.notFound(source: inside.path)) { try AudioFile.readMono(inside) }
    }

    @Test(.enabled(if: getuid() != 0, "the superuser reads everything"))
    func unreadableFile() throws {
        let folder = try ScratchFolder()
        let locked = try folder.file("locked.wav", holding: Sounds.wave(frames: [[1]], channels: 1, rateHz: 16_000))
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: locked.path)
        #expect(throws: AudioReadError.notReadable(source: locked.path, reason: "permission denied")) {
            try AudioFile.readMono(locked)
        }
    }

    @Test func endlessDevicesAreRefusedAtOnce() {
        #expect(throws: AudioReadError.notAudio(source: "/dev/zero")) {
            try AudioFile.readMono(URL(fileURLWithPath: "/dev/zero"))
        }
        #expect(throws: AudioReadError.noSamples(source: "/dev/null")) {
            try AudioFile.readMono(URL(fileURLWithPath: "/dev/null"))
        }
    }

    @Test func truncatedHeaders() throws {
        let wave = Sounds.wave(frames: Self.second, channels: 1, rateHz: 16_000)
        for length in 0..<46 {
            #expect(throws: AudioReadError.self, "\(length) bytes") { try read(Array(wave[..<length])) }
        }
        for format in EncoderCatalog.encodable where format != .pcm && format != .wav {
            let bytes = try Sounds.encoded(
                Sounds.sine(hertz: 300, seconds: 0.2, rateHz: 16_000), as: format, rateHz: 16_000)
            for length in [0, 3, 4, 11, 12, 20, 30] {
                #expect(throws: AudioReadError.self, "\(format) \(length)") { try read(Array(bytes[..<length])) }
            }
        }
    }

    @Test func lyingSizesGiveWhatIsThere() throws {
        for claimed: UInt32 in [.max, .max - 1, 0x7FFF_FFFF, 400_000] {
            let wave = Sounds.wave(frames: Self.second, channels: 1, rateHz: 16_000, claimedDataBytes: claimed)
            #expect(try read(wave).samples.count == 16_000)
        }
        let short = Sounds.wave(frames: Self.second, channels: 1, rateHz: 16_000, claimedDataBytes: 200)
        #expect(try read(short).samples.count == 100)
    }

    @Test func brokenOffCompressedSoundSaysSo() throws {
        let noise = Sounds.noise(count: 32_000, seed: 1)
        let flac = try Sounds.encodedFile(noise, as: .flac, rateHz: 16_000)
        let audio = try read(Array(flac[..<(flac.count / 2)]))
        #expect(audio.wasCutShort)
        #expect(audio.samples.count > 4_000 && audio.samples.count < 24_000)
    }

    @Test func noneAndOneSample() throws {
        #expect(throws: AudioReadError.noSamples(source: "upload")) {
            try read(Sounds.wave(frames: [], channels: 1, rateHz: 16_000))
        }
        #expect(try read(Sounds.wave(frames: [[16_384]], channels: 1, rateHz: 16_000)).samples == [0.5])
    }

    @Test func channelsAndRatesHaveLimits() throws {
        let many = Sounds.wave(frames: [[Int16](repeating: 1, count: 32)], channels: 32, rateHz: 16_000)
        #expect(throws: AudioReadError.tooManyChannels(source: "upload", channels: 32, limit: 8)) { try read(many) }
        for rate: UInt32 in [1, 3_999, 384_001, 2_000_000_000] {
            let wave = Sounds.wave(frames: [[1], [2]], channels: 1, rateHz: rate)
            #expect(throws: AudioReadError.self, "\(rate) Hz") { try read(wave) }
        }
        #expect(throws: AudioReadError.self) { try read(Sounds.wave(frames: [[1]], channels: 0, rateHz: 16_000)) }
    }

    @Test func lengthIsCountedOnDecodedSound() throws {
        // Silence packs a thousandfold: a small file of ten minutes.
        let bomb = try Sounds.encoded([Float](repeating: 0, count: 600 * 16_000), as: .flac, rateHz: 16_000)
        #expect(bomb.count < 200_000)
        #expect(throws: AudioReadError.tooLong(source: "upload", limitSeconds: 60)) { try read(bomb) }
        let wave = Sounds.wave(frames: Self.second, channels: 1, rateHz: 16_000)
        #expect(throws: AudioReadError.tooLong(source: "upload", limitSeconds: 0.5)) {
            try read(wave, limits: DecodeLimits(maxSeconds: 0.5))
        }
        #expect(throws: AudioReadError.tooManyBytes(source: "upload", limit: 1_000)) {
            try read(wave, limits: DecodeLimits(maxSeconds: 60, maxBytes: 1_000))
        }
        #expect(try read(wave, limits: DecodeLimits(maxSeconds: 1)).samples.count == 16_000)
    }

    @Test func samplesMustBeNumbers() throws {
        let plain = try Sounds.encoded(
            [0, 0.25, 0.5, 0], as: .wav, rateHz: 16_000, options: EncodingOptions(sampleType: .float32))
        for bad in [Float.nan, .infinity, -.infinity] {
            var bytes = plain
            let place = bytes.count - 8
            withUnsafeBytes(of: bad.bitPattern.littleEndian) { bytes.replaceSubrange(place..<place + 4, with: $0) }
            #expect(throws: AudioReadError.notFinite(source: "upload", atSeconds: 2.0 / 16_000)) { try read(bytes) }
        }
    }

    @Test func messagesAreOneSentenceThatNamesTheFile() {
        let errors: [AudioReadError] = [
            .notFound(source: "a.wav"), .isFolder(source: "a.wav"), .notReadable(source: "a.wav", reason: "r"),
            .notAudio(source: "a.wav"), .damaged(source: "a.wav", reason: "r"), .noSamples(source: "a.wav"),
            .notFinite(source: "a.wav", atSeconds: 1.234), .tooLong(source: "a.wav", limitSeconds: 60),
            .tooManyBytes(source: "a.wav", limit: 5), .tooManyChannels(source: "a.wav", channels: 32, limit: 8),
            .rateOutOfRange(source: "a.wav", rateHz: 1, allowedHz: 4_000...384_000),
            .resampling(source: "a.wav", fault: .badRates(fromHz: 1, toHz: 0)),
        ]
        for error in errors {
            #expect(error.description.contains("a.wav"))
            #expect(error.description.hasSuffix("."))
            #expect(!error.description.contains(". "))
        }
    }
}
