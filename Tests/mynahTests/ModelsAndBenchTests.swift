import Foundation
import Testing

/// `mynah models`, `mynah bench`, and the help.
struct ModelsAndBenchTests {
    @Test(arguments: ["v15", "v05b", "v15_bf16"]) func verifyAndInspect(family: String) async throws {
        let folder = try TemporaryFolder()
        let verified = try await CommandRun.run(["models", "verify", CommandRun.model(family)], in: folder)
        #expect(verified.code == 0, "\(verified.errors)")
        let inspected = try await CommandRun.run(["models", "inspect", CommandRun.model(family), "--json"], in: folder)
        let report = try JSONSerialization.jsonObject(with: inspected.output) as? [String: Any]
        #expect(((report?["parts"] as? [Any])?.count ?? 0) >= 8)
    }

    @Test func benchTellsWhatItMustTell() async throws {
        let folder = try TemporaryFolder()
        let run = try await CommandRun.run(
            [
                "bench", "--model", CommandRun.model(), "--patches", "5", "--threads", "1", "--prompt-seconds", "1",
                "--precision", "f32", "--steps", "4", "--cfg", "1.5", "--json",
            ], in: folder)
        #expect(run.code == 0, "\(run.errors)")
        let report = try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
        for key in [
            "rtf", "audio_seconds", "wall_seconds", "load_seconds", "time_to_first_audio_seconds", "peak_rss_bytes",
        ] { #expect((report[key] as? Double ?? 0) > 0, "\(key)") }
        #expect(report["threads"] as? Int == 1)
        #expect(report["precision"] as? String == "f32")
        #expect(report["patches"] as? Int == 5)
        let stages = try #require(report["stages"] as? [String: [String: Any]])
        for stage in ["prefill", "lm", "local_encoder", "diffusion", "vae_encode", "vae_decode"] {
            #expect((stages[stage]?["seconds"] as? Double ?? 0) > 0, "\(stage)")
            #expect((0..<2).contains(stages[stage]?["peak_share"] as? Double ?? -1), "\(stage)")
            #expect(["arithmetic", "memory"].contains(stages[stage]?["bound"] as? String), "\(stage)")
        }
        #expect(folder.content.isEmpty)
        let text = try await CommandRun.run(["bench", "--model", CommandRun.model(), "--patches", "2"], in: folder)
        #expect(String(decoding: text.output, as: UTF8.self).contains("RTF"))
        #expect(try await CommandRun.run(["bench", "--synthetic", "gpt"], in: folder).code == 64)
        #expect(try await CommandRun.run(["bench", "--batch", "0"], in: folder).code == 64)
        let several = try await CommandRun.run(
            ["bench", "--model", CommandRun.model(), "--patches", "3", "--batch", "4", "--json"], in: folder)
        let shared = try #require(try JSONSerialization.jsonObject(with: several.output) as? [String: Any])
        #expect(shared["batch"] as? Int == 4 && shared["patches"] as? Int == 3)
        let seconds = try #require(shared["audio_seconds"] as? Double)
        #expect(abs(seconds / (try #require(report["audio_seconds"] as? Double)) - 4.0 * 3 / 5) < 0.01)
    }

    @Test func benchComparesWithAnEarlierRun() async throws {
        let folder = try TemporaryFolder()
        let bench = ["bench", "--model", CommandRun.model(), "--patches", "2", "--precision", "f32"]
        let file = folder.url.appendingPathComponent("before.json")
        try await CommandRun.run(bench + ["--steps", "4", "--json"], in: folder).output.write(to: file)
        let run = try await CommandRun.run(bench + ["--compare", file.path], in: folder)
        let text = String(decoding: run.output, as: UTF8.self)
        #expect(run.code == 0, "\(run.errors)")
        #expect(text.contains("not the same: steps: 4 then, 10 now"))
        #expect(!text.contains("not the same: precision"))
        #expect(text.contains("diffusion, s") && text.contains("ratio"))

        for (content, reason) in [
            ("{}", "it has no model"), ("{\"model\": 1}", "model is not what"), ("RTF", "it is not JSON"),
        ] {
            try Data(content.utf8).write(to: file)
            let refused = try await CommandRun.run(bench + ["--compare", file.path], in: folder)
            #expect(refused.code != 0 && refused.errors.contains("no saved benchmark"), "\(refused.errors)")
            #expect(refused.errors.contains(reason), "\(refused.errors)")
        }
        #expect(
            try await CommandRun.run(bench + ["--compare", "nowhere.json"], in: folder).errors.contains(
                "cannot be read"))
    }

    @Test func versionAndNoCommand() async throws {
        let folder = try TemporaryFolder()
        #expect(try await CommandRun.run(["--version"], in: folder).output == Data("0.1.0\n".utf8))
        let bare = try await CommandRun.run([], in: folder)
        #expect(bare.code == 0 && !bare.output.isEmpty)
    }

    /// The help as people read it: a change must be meant. `UPDATE_SNAPSHOTS=1` writes it anew.
    @Test(arguments: ["", "say", "models", "bench", "doctor", "trace"]) func helpIsAsAgreed(command: String)
        async throws
    {
        let run = try await CommandRun.run((command.isEmpty ? [] : [command]) + ["--help"], in: try TemporaryFolder())
        #expect(run.code == 0)
        let text = String(decoding: run.output, as: UTF8.self)
        #expect(text.contains("EXAMPLES"))
        let name = command.isEmpty ? "mynah" : "mynah-\(command)"
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Snapshots/\(name).txt")
        if ProcessInfo.processInfo.environment["UPDATE_SNAPSHOTS"] == "1" { try Data(text.utf8).write(to: file) }
        #expect(text == (try String(contentsOf: file, encoding: .utf8)))
    }
}
