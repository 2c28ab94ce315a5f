import Foundation
import TestSupport
import Testing

/// The one-way rule of the house: which room may import which. See `docs/ARCHITECTURE.md`.
struct DependencyRuleTests {
    /// What each room may import, of ours and from outside.
    static let allowed: [String: Set<String>] = [
        "CKernels": [],
        "CPTX": [],
        "CUDADouble": [],
        "CSndFile": [],
        "CSoxr": [],
        "CSonic": [],
        "CArchive": [],
        "Archives": ["CArchive"],
        "Compute": ["CKernels"],
        "GPU": ["CPTX", "Compute"],
        "Checkpoint": ["Compute"],
        "TextFrontend": [],
        "AudioIO": ["CSndFile", "CSoxr", "CSonic"],
        "VoxCPM": ["Compute", "Checkpoint"],
        "SpeechEngine": ["Compute", "Checkpoint", "TextFrontend", "AudioIO", "VoxCPM", "Crypto"],
        "SpeechStore": ["Archives", "GRDB", "Crypto"],
        "ModelHub": ["AsyncHTTPClient", "NIOCore", "NIOPosix", "NIOHTTP1", "Crypto"],
        "SpeechServer": [
            "SpeechEngine", "SpeechStore", "Archives", "AudioIO", "Checkpoint", "TextFrontend", "HTTPTypes",
            "Hummingbird", "HummingbirdCore", "Logging",
            "NIOCore", "ServiceLifecycle", "HummingbirdTLS", "NIOSSL", "SwiftASN1", "X509", "Crypto", "NIOExtras",
            "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "NIOWebSocket",
        ],
        "MynahCommands": [
            "Compute", "GPU", "Checkpoint", "TextFrontend", "AudioIO", "VoxCPM", "SpeechEngine", "SpeechStore",
            "SpeechServer", "ModelHub", "ArgumentParser", "Logging",
        ],
        "mynah": ["MynahCommands"],
    ]

    private struct Package: Decodable {
        struct Target: Decodable {
            let name: String
            let type: String
            let target_dependencies: [String]?
            let product_dependencies: [String]?
        }

        let targets: [Target]
    }

    /// Asks SwiftPM for the package as it reads it, in a scratch folder of its own so that it does not wait for the
    /// build that runs this test.
    private func describe() async throws -> Package { try await onOwnThread(Self.ask) }

    @Sendable private static func ask() throws -> Package {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "swift", "package", "--package-path", root.path, "--scratch-path", scratch.path, "describe", "--type",
            "json",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let json = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try JSONDecoder().decode(Package.self, from: json)
    }

    @Test func nothingPointsUp() async throws {
        let rooms = try await describe().targets.filter { $0.type != "test" && $0.name != "TestSupport" }
        #expect(Set(rooms.map(\.name)) == Set(Self.allowed.keys), "a room came or went: say what it may import")
        for room in rooms {
            let imports = Set((room.target_dependencies ?? []) + (room.product_dependencies ?? []))
            let strangers = imports.subtracting(Self.allowed[room.name] ?? [])
            #expect(strangers.isEmpty, "\(room.name) may not import \(strangers.sorted())")
        }
    }
}
