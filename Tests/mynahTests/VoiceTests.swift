import Checkpoint
import Foundation
import TestSupport
import Testing

/// Built-in voices: a tiny checkpoint with a `generation.json` of its own.
struct VoiceTests {
    private func model(_ generation: String, in folder: TemporaryFolder) throws -> String {
        let place = folder.url.appendingPathComponent("models/voiced")
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: CommandRun.model(), toPath: place.path)
        try FileManager.default.createDirectory(
            at: place.appendingPathComponent("voices"), withIntermediateDirectories: true)
        let values = (0..<3 * 4 * 16).map { Float(sin(Double($0))) }
        for (name, shape) in [("anna", [3, 4, 16]), ("odd", [12, 16])] {
            var writer = SafetensorsWriter()
            writer.add("latents", shape: shape, floats: values)
            try writer.write(to: place.appendingPathComponent("voices/\(name).safetensors"))
        }
        try Data(generation.utf8).write(to: place.appendingPathComponent("generation.json"))
        return "voiced"
    }

    private static let good = #"""
        {"text": "plain", "defaults": {"cfg": 1.5, "steps": 3, "max_seconds": 4}, "default_voice": "anna", "later": [],
         "voices": [
          {"name": "anna", "description": "calm", "transcript": "Good morning.", "phonemes": null,
           "latents": "voices/anna.safetensors", "preview": "voices/anna.ogg", "colour": "red"},
          {"name": "odd", "transcript": "Hm.", "latents": "voices/odd.safetensors"}]}
        """#

    @Test func aModelsVoices() async throws {
        let folder = try TemporaryFolder()
        let name = try model(Self.good, in: folder)
        func say(_ more: [String]) async throws -> CommandRun {
            try await CommandRun.run(
                ["say", "Hello world.", "--model", name, "--seed", "1", "--retry", "1", "-o", "-"] + more, in: folder)
        }
        let list = try await say(["--voice", "list"])
        #expect(list.code == 0)
        #expect(String(decoding: list.output, as: UTF8.self).contains("anna (default)"))
        let byDefault = try await say([])
        let anna = try await say(["--voice", "anna"])
        #expect(byDefault.code == 0, "\(byDefault.errors)")
        #expect(anna.output == byDefault.output)
        try await say(["--voice", "odd"]).expectRefusal(in: folder, leaving: ["models"], mentions: "odd.safetensors")
        try await say(["--voice", "bert"]).expectRefusal(in: folder, leaving: ["models"], mentions: "anna, odd")
        let prompt = Fixtures.folder.appendingPathComponent("v15/prompt.wav").path
        try await say(["--voice", "anna", "--prompt-audio", prompt, "--prompt-text", "hi"])
            .expectRefusal(in: folder, leaving: ["models"], mentions: "--voice")
        let listed = try await CommandRun.run(["models", "list"], in: folder)
        #expect(String(decoding: listed.output, as: UTF8.self).contains("voiced"))
        let verified = try await CommandRun.run(["models", "verify", name], in: folder)
        #expect(verified.code == 1)
        #expect(String(decoding: verified.output, as: UTF8.self).contains("odd.safetensors"))
    }

    @Test func convertingKeepsTheVoices() async throws {
        let folder = try TemporaryFolder()
        let name = try model(Self.good, in: folder)
        let run = try await CommandRun.run(["models", "convert", name, "new", "--type", "bf16"], in: folder)
        #expect(run.code == 0, "\(run.errors)")
        let spoken = try await CommandRun.run(
            ["say", "Hello.", "--model", "./new", "--voice", "anna", "-o", "a.wav"], in: folder)
        #expect(spoken.code == 0, "\(spoken.errors)")
        let again = try await CommandRun.run(["models", "convert", name, "new"], in: folder)
        again.expectRefusal(in: folder, leaving: ["a.wav", "models", "new"], mentions: "--force")
        #expect(try await CommandRun.run(["models", "convert", name, "new", "--force"], in: folder).code == 0)
        #expect(folder.content == ["a.wav", "models", "new"])
        let itself = try await CommandRun.run(["models", "convert", "./new", "new", "--force"], in: folder)
        itself.expectRefusal(in: folder, leaving: ["a.wav", "models", "new"])
    }

    @Test(arguments: [
        "", "[]", #"{"text": "klingon"}"#, #"{"voices": {}}"#, #"{"voices": [{"name": "a"}]}"#,
        #"{"default_voice": "nobody"}"#, #"{"defaults": {"steps": 0}}"#, #"{"defaults": 3}"#,
        #"{"voices": [{"name": "a", "transcript": "b", "latents": "../../x.safetensors"}]}"#,
        #"{"voices": [{"name": "a", "transcript": "b", "latents": "/etc/passwd"}]}"#,
        #"{"voices": [{"name": "a", "transcript": 3, "latents": "x"}]}"#,
    ]) func malformedFiles(text: String) async throws {
        let folder = try TemporaryFolder()
        let name = try model(text, in: folder)
        try await CommandRun.run(["say", "Hello.", "--model", name, "-o", "a.wav"], in: folder)
            .expectRefusal(in: folder, leaving: ["models"], mentions: "generation.json")
    }
}
