import Foundation
import FoundationNetworking
import TestSupport
import Testing

/// The real server with the nano voice.
struct ServeTests {
    /// A server that runs, until it is killed.
    private final class Running {
        let process = Process()
        private(set) var port = 0
        private let errors: URL

        init(in folder: URL) async throws {
            errors = folder.appendingPathComponent("errors-\(UUID().uuidString)")
            try Data().write(to: errors)
            process.executableURL = CommandRun.program
            process.arguments = ["serve", "--port", "0", "--data", folder.appendingPathComponent("data").path]
            process.environment = CommandRun.environment(in: folder)
            process.standardError = try FileHandle(forWritingTo: errors)
            try process.run()
            for _ in 0..<1200 {
                let words = try String(contentsOf: errors, encoding: .utf8)
                if words.contains("is ready."), let found = words.firstMatch(of: /http:\/\/127\.0\.0\.1:(\d+)/) {
                    port = Int(found.output.1) ?? 0
                    return
                }
                guard process.isRunning else { break }
                try await Task.sleep(for: .milliseconds(50))
            }
            Issue.record("the server did not start: \(try String(contentsOf: errors, encoding: .utf8))")
        }

        deinit {
            guard process.isRunning else { return }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }

        func end(_ signal: Int32) async throws {
            kill(process.processIdentifier, signal)
            let process = process
            try await onOwnThread { process.waitUntilExit() }
        }

        func send(_ method: String, _ path: String, json: String? = nil) async throws -> [String: Any] {
            let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
            var request = URLRequest(url: url)
            request.httpMethod = method
            if let json {
                request.setValue("application/json", forHTTPHeaderField: "Content-Type")
                request.httpBody = Data(json.utf8)
            }
            let (data, _) = try await URLSession.shared.data(for: request)
            return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        }

        /// Waits until a job has so many finished parts.
        func job(_ id: String, hasFinished count: Int) async throws -> [String: Any] {
            var job: [String: Any] = [:]
            for _ in 0..<2400 {
                job = try await send("GET", "/api/v1/jobs/\(id)")
                if job["parts_finished"] as? Int ?? 0 >= count { return job }
                try await Task.sleep(for: .milliseconds(50))
            }
            Issue.record("the job did not get on: \(job)")
            return job
        }
    }

    /// Killed in the middle of a job: finished parts are kept, the rest goes on, the database is whole. Asked to stop in
    /// the middle: the same.
    @Test(arguments: [SIGKILL, SIGTERM]) func aJobOutlivesItsServer(signal: Int32) async throws {
        let folder = try TemporaryFolder()
        let lines = (0..<10).map { "\"This is line number \($0).\"" }.joined(separator: ",")
        let first = try await Running(in: folder.url)
        let queued = try await first.send(
            "POST", "/api/v1/jobs", json: "{\"lines\":[\(lines)],\"steps\":2,\"seed\":1,\"attempts\":1}")
        let id = try #require(queued["id"] as? String)
        _ = try await first.job(id, hasFinished: 2)
        try await first.end(signal)

        func seconds(_ job: [String: Any]) -> [Int: Double] {
            var found: [Int: Double] = [:]
            for part in job["parts"] as? [[String: Any]] ?? [] where part["state"] as? String == "finished" {
                found[part["index"] as? Int ?? -1] = part["seconds"] as? Double
            }
            return found
        }
        let second = try await Running(in: folder.url)
        let resumed = try await second.send("GET", "/api/v1/jobs/\(id)")
        let kept = seconds(resumed)
        // A slow machine may ask when all is done.
        #expect(kept.count >= 2 && (kept.count == 10 || ["queued", "running"].contains(resumed["state"] as? String)))
        let whole = try await second.job(id, hasFinished: 10)
        #expect(whole["state"] as? String == "finished" || whole["parts_finished"] as? Int == 10)
        for (index, length) in kept { #expect(seconds(whole)[index] == length, "a finished part was spoken again") }
        let parts = whole["parts"] as? [[String: Any]] ?? []
        #expect(parts.filter { kept[$0["index"] as? Int ?? -1] != nil }.allSatisfy { $0["tries"] as? Int == 1 })
        try await second.end(SIGTERM)
        #expect(second.process.terminationStatus == 0)
        let check = try await CommandRun.run(["keys", "list", "--data", folder.path("data")], in: folder)
        #expect(check.code == 0, "the store opens, checked: \(check.errors)")
    }
}
