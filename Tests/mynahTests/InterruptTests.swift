import AudioIO
import Foundation
import Testing

/// Signals and readers that go away.
struct InterruptTests {
    private static let long = String(repeating: "This goes on for a very long time indeed. ", count: 2000)

    /// Bytes of a patch of the tiny model, and a header.
    private static let onePatch = 2 * 7056 + 44

    @Test(arguments: [SIGINT, SIGTERM]) func oneSignalKeepsWhatWasSpoken(signal: Int32) async throws {
        let folder = try TemporaryFolder()
        let run = try await CommandRun.run(
            ["say", "-", "--model", CommandRun.model(), "-o", "a.wav", "--retry", "1"], in: folder, input: Self.long,
            signals: [(.written(bytes: Self.onePatch), signal)])
        #expect(run.code == 130, "\(run.errors)")
        #expect(folder.content == ["a.wav"])
        let audio = try AudioFile.readMono(folder.url.appendingPathComponent("a.wav"), limits: .recording)
        #expect(audio.samples.count % 7056 == 0 && !audio.samples.isEmpty && !audio.wasCutShort)
        #expect(run.errors.contains("interrupted"))
    }

    @Test func aStreamEndsToo() async throws {
        let folder = try TemporaryFolder()
        let run = try await CommandRun.run(
            ["say", "-", "--model", CommandRun.model(), "--stream", "--format", "pcm"], in: folder, input: Self.long,
            signals: [(.written(bytes: Self.onePatch), SIGINT)])
        #expect(run.code == 130)
        #expect(!run.output.isEmpty && run.output.count % (2 * 7056) == 0)
    }

    @Test func twoSignalsLeaveNothing() async throws {
        let folder = try TemporaryFolder()
        // A thousand steps make patches long, so that the second signal comes within one.
        let run = try await CommandRun.run(
            ["say", "-", "--model", CommandRun.model(), "-o", "a.wav", "--steps", "1000"], in: folder,
            input: Self.long, signals: [(.after(seconds: 3), SIGINT), (.after(seconds: 0.01), SIGINT)])
        #expect(run.code == 130)
        #expect(folder.content == [] || folder.content == ["a.wav"])
    }

    @Test func aReaderThatGoesAwayIsNoFault() async throws {
        let folder = try TemporaryFolder()
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let run = try await CommandRun.run(
            ["say", "Hello.", "--model", CommandRun.model(), "--stream"], in: folder, output: pipe.fileHandleForWriting)
        #expect(run.code == 141)
        #expect(run.errors.isEmpty, "\(run.errors)")
    }
}
