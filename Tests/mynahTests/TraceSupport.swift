import Checkpoint
import Foundation
import MynahCommands
import TestSupport
import Testing

/// What `Tests/Fixtures/manifest.json` tells about the reference's runs.
enum Manifest {
    /// A generation of the reference: its name and its parameters as the manifest writes them.
    struct Scenario {
        let name: String
        let parameters: [String: Any]
    }

    private static func family(_ name: String) throws -> [String: Any] {
        let data = try Data(contentsOf: Fixtures.folder.appendingPathComponent("manifest.json"))
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return try #require((root["families"] as? [String: Any])?[name] as? [String: Any])
    }

    static func scenarios(of family: String) throws -> [Scenario] {
        let scenarios = try #require(try Self.family(family)["scenarios"] as? [String: [String: Any]])
        return scenarios.map { Scenario(name: $0.key, parameters: $0.value) }.sorted { $0.name < $1.name }
    }

    static func flowCases(of family: String) throws -> [String: [String: Any]] {
        try #require(try Self.family(family)["cfm_cases"] as? [String: [String: Any]])
    }
}

/// A folder that is gone after the test.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("mynah-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// A file's path in the folder.
    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// The names of everything in it, hidden things as well.
    var content: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }
}

/// Runs `mynah trace` in this process.
enum Trace {
    static func run(_ request: [String: Any], family: String, in folder: TemporaryFolder) throws -> SafetensorsFile {
        let file = folder.url.appendingPathComponent("request.json")
        try JSONSerialization.data(withJSONObject: request).write(to: file)
        let output = folder.url.appendingPathComponent("trace.safetensors")
        let code = Program.run([
            "trace", "--model", Fixtures.folder.appendingPathComponent("\(family)/checkpoint").path, "--request",
            file.path, "--out", output.path, "--threads", "2",
        ])
        #expect(code == 0)
        return try SafetensorsFile(output, mapped: false)
    }
}

/// The signal's energy over the difference's, in decibels.
func signalToNoise(_ actual: [Float], _ expected: [Float]) -> Double {
    guard actual.count == expected.count else { return -.infinity }
    var signal = 0.0
    var noise = 0.0
    for (left, right) in zip(actual, expected) {
        signal += Double(right) * Double(right)
        noise += Double(left - right) * Double(left - right)
    }
    return noise == 0 ? .infinity : 10 * log10(signal / noise)
}
