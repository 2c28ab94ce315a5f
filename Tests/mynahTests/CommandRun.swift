import Foundation
import TestSupport
import Testing

/// One run of the built program, in a folder of its own.
struct CommandRun {
    let code: Int32
    let output: Data
    let errors: String

    /// The lines on standard error.
    var errorLines: [Substring] { errors.split(separator: "\n") }

    /// The program beside the running tests, else where a debug build puts it.
    static var program: URL {
        let beside = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("mynah")
        if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(".build/debug/mynah")
    }

    /// The tiny checkpoint of a family.
    static func model(_ family: String = "v15") -> String {
        Fixtures.folder.appendingPathComponent("\(family)/checkpoint").path
    }

    /// The environment of a program that finds nothing of the user's.
    static func environment(in folder: URL) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["XDG_DATA_HOME"] = folder.path
        environment["MYNAH_MODELS"] = ""
        environment["COLUMNS"] = nil
        environment["SWIFT_BACKTRACE"] = "enable=no"
        return environment
    }

    /// When a signal is sent.
    enum Moment {
        case after(seconds: Double)
        /// When the program has written this many bytes: a slow machine takes longer, not another path.
        case written(bytes: Int)

        func wait(for process: Process) {
            switch self {
            case .after(let seconds): Thread.sleep(forTimeInterval: seconds)
            case .written(let bytes):
                while process.isRunning, Self.bytesWritten(by: process.processIdentifier) < bytes {
                    Thread.sleep(forTimeInterval: 0.02)
                }
            }
        }

        private static func bytesWritten(by process: Int32) -> Int {
            let counters = (try? String(contentsOfFile: "/proc/\(process)/io", encoding: .utf8)) ?? ""
            let line = counters.split(separator: "\n").first { $0.hasPrefix("wchar: ") }
            return line.flatMap { Int($0.dropFirst("wchar: ".count)) } ?? 0
        }
    }

    /// Starts the program.
    ///
    /// - Parameters:
    ///   - signals: Sent one after the other, each when its moment has come.
    ///   - variables: Of the environment, for this run alone: those of the tests' own process are seen by all runs.
    static func run(
        _ arguments: [String], in folder: TemporaryFolder, input: String = "", output: FileHandle? = nil,
        signals: [(when: Moment, Int32)] = [], variables: [String: String] = [:]
    ) async throws -> CommandRun {
        let folder = folder.url
        return try await onOwnThread {
            try runBlocking(
                arguments, in: folder, input: input, output: output, signals: signals, variables: variables)
        }
    }

    private static func runBlocking(
        _ arguments: [String], in folder: URL, input: String, output: FileHandle?,
        signals: [(when: Moment, Int32)], variables: [String: String]
    ) throws -> CommandRun {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = environment(in: folder).merging(variables) { $1 }
        let hidden = try TemporaryFolder()
        let inputFile = hidden.url.appendingPathComponent("in")
        try Data(input.utf8).write(to: inputFile)
        // Files instead of pipes: nobody has to empty them while the program runs.
        let outputFile = hidden.url.appendingPathComponent("out")
        let errorFile = hidden.url.appendingPathComponent("err")
        for file in [outputFile, errorFile] { try Data().write(to: file) }
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = try output ?? FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        try process.run()
        for (moment, signal) in signals {
            moment.wait(for: process)
            kill(process.processIdentifier, signal)
        }
        process.waitUntilExit()
        let code = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        return CommandRun(
            code: code, output: try Data(contentsOf: outputFile),
            errors: String(decoding: try Data(contentsOf: errorFile), as: UTF8.self))
    }

    /// Says a text with a tiny checkpoint, quickly: few steps, one try.
    static func say(
        _ text: String, _ more: [String] = [], family: String = "v15", in folder: TemporaryFolder, input: String = "",
        variables: [String: String] = [:]
    ) async throws -> CommandRun {
        try await run(
            ["say", text, "--model", model(family), "--steps", "2"] + more, in: folder, input: input,
            variables: variables)
    }

    /// Checks that the program refused with one sentence and left nothing behind.
    func expectRefusal(
        in folder: TemporaryFolder, leaving: [String] = [], mentions: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(code == 1, "\(errors)", sourceLocation: sourceLocation)
        let messages = errorLines.filter { !$0.hasPrefix("Note: ") }
        #expect(messages.count == 1, "\(errors)", sourceLocation: sourceLocation)
        #expect(messages.first?.hasPrefix("mynah: ") ?? false, "\(errors)", sourceLocation: sourceLocation)
        #expect(mentions.isEmpty || errors.contains(mentions), "\(errors)", sourceLocation: sourceLocation)
        #expect(output.isEmpty, sourceLocation: sourceLocation)
        #expect(folder.content == leaving.sorted(), sourceLocation: sourceLocation)
    }
}
