import AudioIO
import Foundation
import TestSupport
import Testing

/// `mynah say` with the tiny checkpoints: they speak noise, but exactly.
struct SayTests {
    private static let once = ["--retry", "1"]

    private func samples(_ name: String, in folder: TemporaryFolder) throws -> [Float] {
        try AudioFile.readMono(folder.url.appendingPathComponent(name)).samples
    }

    @Test func writesAValidFileAndRepeatsBySeed() async throws {
        let folder = try TemporaryFolder()
        for (name, seed) in [("a.wav", "7"), ("b.wav", "7"), ("c.wav", "8")] {
            let run = try await CommandRun.say("Hello world.", ["-o", name, "--seed", seed] + Self.once, in: folder)
            #expect(run.code == 0, "\(run.errors)")
            #expect(run.output.isEmpty)
            #expect(run.errors.contains("seed \(seed)"))
            #expect(run.errors.contains(name))
        }
        #expect(folder.content == ["a.wav", "b.wav", "c.wav"])
        let bytes = try ["a.wav", "b.wav", "c.wav"].map { try Data(contentsOf: folder.url.appendingPathComponent($0)) }
        #expect(bytes[0] == bytes[1])
        #expect(bytes[0] != bytes[2])
        let audio = try AudioFile.readMono(folder.url.appendingPathComponent("a.wav"))
        #expect(audio.sampleRateHz == 44_100)
        // Whole patches, and a header that tells the file's true length.
        #expect(audio.samples.count % 7056 == 0 && !audio.samples.isEmpty)
        let wave = try #require(WaveBytes(bytes[0]))
        #expect(bytes[0].count == wave.soundStart + 2 * audio.samples.count)
        #expect(wave.announcedBytes == 2 * audio.samples.count)
    }

    @Test func streamsTheSamplesOfTheFile() async throws {
        let folder = try TemporaryFolder()
        let text = "This is streamed, this is not."
        let file = try await CommandRun.say(text, ["-o", "file.wav", "--seed", "3"] + Self.once, in: folder)
        #expect(file.code == 0)
        let whole = try Data(contentsOf: folder.url.appendingPathComponent("file.wav"))
        let streamed = try await CommandRun.say(text, ["--stream", "--seed", "3"], in: folder)
        #expect(streamed.code == 0)
        let start = try #require(WaveBytes(whole)).soundStart
        #expect(WaveBytes(streamed.output)?.soundStart == start)
        #expect(streamed.output.dropFirst(start) == whole.dropFirst(start))
        #expect(streamed.output.prefix(4) == Data("RIFF".utf8))
        let raw = try await CommandRun.say(text, ["-o", "-", "--format", "pcm", "--seed", "3"] + Self.once, in: folder)
        #expect(raw.output == whole.dropFirst(start))
        #expect(folder.content == ["file.wav"])
    }

    @Test func speaksFasterAtTheSamePitchInFilesAndStreams() async throws {
        let folder = try TemporaryFolder()
        let options = ["--seed", "3", "--max-seconds", "4"]
        let text = "This is said quickly."
        let usual = try await CommandRun.say(text, ["-o", "a.wav"] + options + Self.once, in: folder)
        let quick = try await CommandRun.say(
            text, ["-o", "b.wav", "--speed", "2", "--max-seconds", "2"] + options.prefix(2) + Self.once, in: folder)
        #expect(usual.code == 0 && quick.code == 0, "\(quick.errors)")
        let long = try samples("a.wav", in: folder).count
        let short = try samples("b.wav", in: folder).count
        let share: Double = Double(short) / Double(long)
        #expect(share > 0.49 && share < 0.51, "\(short) of \(long)")
        let streamed = try await CommandRun.say(
            text, ["--stream", "--speed", "2", "--max-seconds", "2"] + options.prefix(2), in: folder)
        let whole = try Data(contentsOf: folder.url.appendingPathComponent("b.wav"))
        let start = try #require(WaveBytes(whole)).soundStart
        #expect(streamed.output.dropFirst(start) == whole.dropFirst(start))
    }

    @Test(arguments: EncoderCatalog.encodable.filter { $0 != .pcm }) func writesEveryFormat(format: AudioFormat)
        async throws
    {
        let folder = try TemporaryFolder()
        let name = "speech.\(format.fileExtension)"
        let run = try await CommandRun.say("Hello world.", ["-o", name, "--seed", "1"] + Self.once, in: folder)
        #expect(run.code == 0, "\(run.errors)")
        let audio = try AudioFile.readMono(folder.url.appendingPathComponent(name), sampleRateHz: 44_100)
        let wav = try await CommandRun.say("Hello world.", ["-o", "s.wav", "--seed", "1"] + Self.once, in: folder)
        #expect(wav.code == 0)
        let expected = try samples("s.wav", in: folder).count
        #expect(abs(audio.samples.count - expected) <= 4410, "\(format): \(audio.samples.count) of \(expected)")
    }

    @Test func namesFilesByTheirWordsAndOverwritesNone() async throws {
        let folder = try TemporaryFolder()
        for _ in 0..<2 { #expect(try await CommandRun.say("Well, hello World!", Self.once, in: folder).code == 0) }
        #expect(folder.content == ["mynah-well-hello-world-2.wav", "mynah-well-hello-world.wav"])
    }

    @Test func readsStandardInputAndCleansIt() async throws {
        let folder = try TemporaryFolder()
        let typed = try await CommandRun.say("Hello my world.", ["-o", "a.wav", "--seed", "1"] + Self.once, in: folder)
        let piped = try await CommandRun.say(
            "-", ["-o", "b.wav", "--seed", "1"] + Self.once, in: folder, input: "Hello\n my \t world.\n")
        #expect(typed.code == 0 && piped.code == 0)
        #expect(try samples("a.wav", in: folder) == samples("b.wav", in: folder))
    }

    @Test func continuesAVoice() async throws {
        let folder = try TemporaryFolder()
        let prompt = Fixtures.folder.appendingPathComponent("v15/prompt.wav").path
        let cloned = try await CommandRun.say(
            "Hello world.",
            ["-o", "a.wav", "--seed", "1", "--prompt-audio", prompt, "--prompt-text", "你好，我们一起学习。"] + Self.once,
            in: folder)
        #expect(cloned.code == 0, "\(cloned.errors)")
        let plain = try await CommandRun.say("Hello world.", ["-o", "b.wav", "--seed", "1"] + Self.once, in: folder)
        #expect(plain.code == 0)
        #expect(try samples("a.wav", in: folder) != samples("b.wav", in: folder))
    }

    @Test func stopsAtMaxSeconds() async throws {
        let folder = try TemporaryFolder()
        let run = try await CommandRun.say(
            String(repeating: "Many words are spoken here. ", count: 20), ["-o", "a.wav", "--max-seconds", "0.5"],
            in: folder)
        #expect(run.code == 0)
        #expect(try samples("a.wav", in: folder).count <= 22_050)
        #expect(run.errors.contains("--max-seconds"))
    }

    /// 100,000 characters, with and without places to cut: the work begins at once and memory stays bounded.
    @Test(arguments: ["All of this goes on and on. ", "今天天气很好，我们一起学习。", "a", "{HH AH0 L OW1} "])
    func takesHugeTexts(piece: String) async throws {
        let folder = try TemporaryFolder()
        let text = String(repeating: piece, count: 100_000 / piece.count)
        let run = try await CommandRun.say("-", ["-o", "a.wav", "--max-seconds", "1.5"], in: folder, input: text)
        #expect(run.code == 0, "\(run.errors)")
        #expect(try !samples("a.wav", in: folder).isEmpty)
    }

    @Test func readsEnglishAsPhonemes() async throws {
        let folder = try TemporaryFolder()
        try Data("world  W ER2 L D\n".utf8).write(to: folder.url.appendingPathComponent("own.txt"))
        let run = try await CommandRun.say(
            "Hello, world!",
            ["-o", "a.wav", "--text-mode", "arpabet", "--show-phonemes", "--lexicon", "own.txt"] + Self.once, in: folder
        )
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.contains("{HH AH0 L OW1}, {W ER2 L D}!"))
    }

    @Test func quietWithoutATerminal() async throws {
        let folder = try TemporaryFolder()
        let run = try await CommandRun.say("Hello world.", ["-o", "a.wav"] + Self.once, in: folder)
        #expect(run.errorLines.count == 1)
        #expect(!run.errors.contains("\r"))
    }
}
