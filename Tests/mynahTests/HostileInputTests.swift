import AudioIO
import Foundation
import TestSupport
import Testing

/// What people and programs get wrong: one sentence, exit code 1, no half-written file.
struct HostileInputTests {
    @Test(arguments: ["", " ", " \n\t ", "😀", "😀 🎉", "...", "\u{200B}"]) func nothingToSpeak(text: String) async throws
    {
        let folder = try TemporaryFolder()
        try await CommandRun.say(text, ["-o", "a.wav"], in: folder).expectRefusal(
            in: folder, mentions: "nothing to speak")
        try await CommandRun.say("-", ["-o", "a.wav"], in: folder, input: text).expectRefusal(in: folder)
    }

    @Test func textThatIsNotText() async throws {
        let folder = try TemporaryFolder()
        let run = try await CommandRun.say(
            "Hello\u{0}world \u{1B}[31m ok", ["-o", "a.wav", "--retry", "1"], in: folder)
        #expect(run.code == 0)
    }

    @Test func missingModel() async throws {
        let folder = try TemporaryFolder()
        for name in ["no-such-model", "./no/such/folder", "/dev/null"] {
            try await CommandRun.run(["say", "Hi.", "--model", name, "-o", "a.wav"], in: folder)
                .expectRefusal(in: folder, mentions: name.replacingOccurrences(of: "./", with: ""))
        }
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("empty"), withIntermediateDirectories: true)
        try await CommandRun.run(["say", "Hi.", "--model", "empty", "-o", "a.wav"], in: folder)
            .expectRefusal(in: folder, leaving: ["empty"], mentions: "config.json")
    }

    @Test func halfAPrompt() async throws {
        let folder = try TemporaryFolder()
        let prompt = Fixtures.folder.appendingPathComponent("v15/prompt.wav").path
        try await CommandRun.say("Hi.", ["--prompt-audio", prompt], in: folder)
            .expectRefusal(in: folder, mentions: "--prompt-text")
        try await CommandRun.say("Hi.", ["--prompt-text", "hello"], in: folder)
            .expectRefusal(in: folder, mentions: "--prompt-audio")
        try await CommandRun.say("Hi.", ["--prompt-text", " ", "--prompt-audio", prompt], in: folder)
            .expectRefusal(in: folder, mentions: "--prompt-text")
    }

    @Test func badPrompts() async throws {
        let folder = try TemporaryFolder()
        func sound(_ name: String, seconds: Double, _ level: Float) throws {
            let writer = try AudioWriter(
                to: .file(folder.url.appendingPathComponent(name)), format: .wav, sampleRateHz: 8000)
            try writer.append((0..<Int(8000 * seconds)).map { $0 % 2 == 0 ? level : -level })
            try writer.finish()
        }
        try sound("empty.wav", seconds: 0, 0)
        try sound("silent.wav", seconds: 4, 0)
        try sound("long.wav", seconds: 600, 0.3)
        try sound("forty.wav", seconds: 45, 0.3)
        try Data("this is not sound".utf8).write(to: folder.url.appendingPathComponent("text.wav"))
        try Data().write(to: folder.url.appendingPathComponent("nothing.wav"))
        let before = folder.content
        for name in before + ["missing.wav", "/dev/null", "/"] {
            try await CommandRun.say(
                "Hi.", ["-o", "a.wav", "--prompt-audio", name, "--prompt-text", "hello"], in: folder
            ).expectRefusal(in: folder, leaving: before, mentions: name)
        }
    }

    @Test(arguments: ["/dev/full", "/no/such/folder/a.wav", "/proc/a.wav", "/", "a.xyz"])
    func placesThatCannotBeWritten(output: String) async throws {
        let folder = try TemporaryFolder()
        try await CommandRun.say("Hello world.", ["-o", output], in: folder)
            .expectRefusal(in: folder, mentions: output == "a.xyz" ? "flac" : output)
    }

    @Test func fullStandardOutput() async throws {
        let folder = try TemporaryFolder()
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let run = try await CommandRun.run(
            ["say", "Hello.", "--model", CommandRun.model(), "--stream"], in: folder, output: full)
        run.expectRefusal(in: folder, mentions: "disk is full")
    }

    @Test func wrongOptions() async throws {
        let folder = try TemporaryFolder()
        let lines: [[String]] = [
            ["--steps", "0"], ["--steps", "many"], ["--cfg", "-1"], ["--cfg", "nan"], ["--seed", "-1"],
            ["--max-seconds", "0"], ["--speed", "5"], ["--threads", "0"], ["--precision", "int3"],
            ["--stream", "--retry", "3"], ["--unknown"], ["one", "two"],
        ]
        for line in lines {
            let run = try await CommandRun.say("Hello.", line, in: folder)
            #expect(run.code == 64, "\(line): \(run.errors)")
            #expect(folder.content.isEmpty)
        }
    }

    @Test func lexiconsThatCannotBeUsed() async throws {
        let folder = try TemporaryFolder()
        try Data("hello XX YY\n".utf8).write(to: folder.url.appendingPathComponent("bad.txt"))
        try await CommandRun.say("Hi.", ["--lexicon", "bad.txt"], in: folder)
            .expectRefusal(in: folder, leaving: ["bad.txt"], mentions: "--lexicon")
        for name in ["bad.txt", "missing.txt"] {
            try await CommandRun.say("Hi.", ["--lexicon", name, "--text-mode", "arpabet"], in: folder)
                .expectRefusal(in: folder, leaving: ["bad.txt"], mentions: name)
        }
    }

    @Test func wrongInstructionSet() async throws {
        let folder = try TemporaryFolder()
        try await CommandRun.say("Hi.", ["-o", "a.wav"], in: folder, variables: ["MYNAH_CPU": "abacus"])
            .expectRefusal(in: folder, mentions: "abacus")
    }
}
