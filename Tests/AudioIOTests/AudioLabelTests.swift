import CSndFile
import TestSupport
import Testing

@testable import AudioIO

/// What files say of themselves, read back from their bytes.
struct AudioLabelTests {
    private static let sound = Sounds.sine(hertz: 440, seconds: 0.3, rateHz: 24_000)
    private static let labelled = EncoderCatalog.encodable.filter { $0 != .pcm }

    /// A string of a file, as libsndfile finds it.
    private static func string(_ kind: Int, in bytes: [UInt8]) throws -> String? {
        var info = SF_INFO()
        let memory = MemorySource(bytes)
        defer { withExtendedLifetime(memory) {} }
        let handle = try #require(memory.open(&info))
        defer { sf_close(handle) }
        return sf_get_string(handle, Int32(kind)).map { String(cString: $0) }
    }

    @Test(arguments: labelled)
    func filesAndStreamsSayThatAMachineSpoke(format: AudioFormat) throws {
        let file = try Sounds.encodedFile(Self.sound, as: format, rateHz: 24_000)
        let stream = try Sounds.encoded(Self.sound, as: format, rateHz: 24_000)
        for bytes in [file, stream] {
            #expect(try Self.string(SF_STR_COMMENT, in: bytes) == AudioLabel.comment)
            #expect(try Self.string(SF_STR_TITLE, in: bytes) == nil)
        }
        #expect(AudioLabel.comment.contains("AI-generated") && AudioLabel.comment.contains("trainedAlgorithmicMedia"))
    }

    /// The label leaves with the first bytes: whoever keeps only the beginning of a stream has it.
    @Test(arguments: labelled)
    func streamsBeginWithIt(format: AudioFormat) throws {
        let stream = try Sounds.encoded(Self.sound, as: format, rateHz: 24_000)
        #expect(stream.prefix(2_000).firstRange(of: AudioLabel.comment.utf8) != nil)
    }

    @Test(arguments: labelled)
    func ownWordsStandBesideIt(format: AudioFormat) throws {
        let label = try #require(AudioLabel(title: "Kapitel 1: Ärger\nim Haus"))
        let bytes = try Sounds.encoded(
            Self.sound, as: format, rateHz: 24_000, options: EncodingOptions(label: label))
        #expect(try Self.string(SF_STR_COMMENT, in: bytes) == AudioLabel.comment)
        #expect(try Self.string(SF_STR_TITLE, in: bytes) == "Kapitel 1: Ärger im Haus")
    }

    @Test(arguments: EncoderCatalog.encodable)
    func recordingsOfPeopleSayNothing(format: AudioFormat) throws {
        let bytes = try Sounds.encoded(Self.sound, as: format, rateHz: 24_000, options: EncodingOptions(label: nil))
        #expect(bytes.firstRange(of: "AI-generated".utf8) == nil)
    }

    @Test func bareSamplesStayBare() throws {
        #expect(try Sounds.encoded(Self.sound, as: .pcm, rateHz: 24_000).count == 2 * Self.sound.count)
    }

    @Test(arguments: SampleType.allCases)
    func waveFilesKeepItInFrontOfTheSound(type: SampleType) throws {
        let label = try #require(AudioLabel(title: "odd"))
        let bytes = try Sounds.encoded(
            [0.5, 0.25, 0], as: .wav, rateHz: 16_000, options: EncodingOptions(sampleType: type, label: label))
        let wave = try #require(WaveBytes(bytes))
        #expect(wave.info == ["ICMT": AudioLabel.comment, "ISFT": "Mynah", "INAM": "odd"])
        #expect(wave.soundStart % 2 == 0)
        #expect(try AudioFile.readMono(bytes: bytes, named: "memory").samples.count == 3)
    }

    @Test func titlesHaveAnEnd() {
        #expect(AudioLabel(title: String(repeating: "ä", count: 250))?.title?.count == 250)
        #expect(AudioLabel(title: String(repeating: "ä", count: 251)) == nil)
        #expect(AudioLabel(title: " \n ")?.title == nil)
    }
}
