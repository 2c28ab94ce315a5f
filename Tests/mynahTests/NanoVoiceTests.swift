import AudioIO
import Foundation
import Testing

/// The voice that comes with the project, through the whole product: English text, phonemes, tokens, speech.
struct NanoVoiceTests {
    private static let model = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("models/nano").path
    private static let text = "Good morning. Shall we begin?"

    private func say(_ more: [String], in folder: TemporaryFolder) async throws -> CommandRun {
        try await CommandRun.run(["say", Self.text, "--model", Self.model, "--seed", "1"] + more, in: folder)
    }

    @Test func speaksASentenceAndStops() async throws {
        let folder = try TemporaryFolder()
        let run = try await say(["-o", "a.wav"], in: folder)
        #expect(run.code == 0, "\(run.errors)")
        let audio = try AudioFile.readMono(folder.url.appendingPathComponent("a.wav"), limits: .recording)
        #expect(audio.sampleRateHz == 24_000)
        // Five short words: neither cut off nor running on to the limit.
        let seconds = Double(audio.samples.count) / 24_000
        #expect((1.2...4.5).contains(seconds), "\(seconds) s")
        let power = audio.samples.reduce(Float(0)) { $0 + $1 * $1 } / Float(audio.samples.count)
        #expect(power.squareRoot() > 0.01, "as good as silent")
    }

    @Test func streamsWhatItWouldWrite() async throws {
        let folder = try TemporaryFolder()
        let file = try await say(["-o", "a.pcm", "--format", "pcm", "--retry", "1"], in: folder)
        let stream = try await say(["--stream", "--format", "pcm"], in: folder)
        #expect(file.code == 0 && stream.code == 0, "\(file.errors) \(stream.errors)")
        #expect(stream.output == (try Data(contentsOf: folder.url.appendingPathComponent("a.pcm"))))
    }

    @Test func readsEnglishAsPhonemes() async throws {
        let folder = try TemporaryFolder()
        let run = try await say(["-o", "a.wav", "--show-phonemes"], in: folder)
        #expect(run.errors.contains("{G UH1 D} {M AO1 R N IH0 NG}. {SH AE1 L} {W IY1} {B IH0 G IH1 N}?"))
    }
}
