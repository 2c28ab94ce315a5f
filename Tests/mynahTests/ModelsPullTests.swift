import Foundation
import Glibc
import Testing

/// `mynah models pull` and `remove`, as far as they go without a hub; `ModelHubTests` has hubs.
struct ModelsPullTests {
    @Test(arguments: [
        ["models", "pull", "tiny"], ["models", "pull", "../tiny"], ["models", "pull", "a/b", "--from", "nowhere"],
        ["models", "pull", "a/b", "--from", "http://example.org"], ["models", "pull", "a/b", "--revision", "../c"],
        ["models", "remove", "tiny"], ["models", "remove", "../models"],
    ])
    func refusesInOneSentence(arguments: [String]) async throws {
        let folder = try TemporaryFolder()
        try await CommandRun.run(arguments, in: folder).expectRefusal(in: folder)
    }

    /// Nobody listens there, so that it waits between its tries.
    @Test func isInterrupted() async throws {
        let folder = try TemporaryFolder()
        let run = try await CommandRun.run(
            ["models", "pull", "a/b", "--from", "http://127.0.0.1:9", "--to", folder.url.path], in: folder,
            signals: [(.after(seconds: 1), SIGINT)])
        #expect(run.code == 130 && run.output.isEmpty, "\(run.errors)")
        #expect(folder.content.isEmpty)
    }
}
