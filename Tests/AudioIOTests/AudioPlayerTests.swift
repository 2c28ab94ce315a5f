import Foundation
import Testing

@testable import AudioIO

/// Playing through stand-ins for the real programs.
struct AudioPlayerTests {
    /// A folder with an executable script called `name`.
    private func folder(with name: String, running script: String) throws -> ScratchFolder {
        let folder = try ScratchFolder()
        let program = try folder.file(name, holding: Array("#!/bin/sh\n\(script)\n".utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
        return folder
    }

    @Test func playersAreFoundInOrder() throws {
        let folder = try folder(with: "aplay", running: "true")
        let found = try PlayerProgram.find(searchPath: "/nowhere:\(folder.url.path)")
        #expect(found == PlayerProgram(kind: .aplay, path: folder.file("aplay").path))
        #expect(throws: PlayerError.noPlayer) { try PlayerProgram.find(searchPath: "/nowhere") }
        #expect(PlayerError.noPlayer.description.contains("apt install"))
    }

    @Test(arguments: PlayerProgram.Kind.allCases)
    func samplesReachThePlayer(kind: PlayerProgram.Kind) throws {
        let folder = try folder(
            with: kind.rawValue, running: "cat > \"$0.heard\"; echo \"$@\" > \"$0.args\"; echo noise")
        let program = try PlayerProgram.find(searchPath: folder.url.path)
        let player = try AudioPlayer(program: program, sampleRateHz: 44_100)
        let sound = Sounds.sine(hertz: 440, seconds: 1, rateHz: 44_100)
        try player.append(Array(sound[..<20_000]))
        try player.append(Array(sound[20_000...]))
        try player.finish()
        let heard = try Data(contentsOf: folder.file("\(kind.rawValue).heard"))
        #expect(heard.count == sound.count * 2 + (program.format == .wav ? 44 : 0))
        if program.format == .pcm {
            let arguments = try String(contentsOf: folder.file("\(kind.rawValue).args"), encoding: .utf8)
            #expect(arguments.contains("44100"))
        }
    }

    @Test func thePlayersOwnWordsAreTold() throws {
        let folder = try folder(with: "aplay", running: "echo first >&2; echo 'no sound card' >&2; exit 3")
        let program = try PlayerProgram.find(searchPath: folder.url.path)
        #expect(throws: PlayerError.failed(program: program.path, status: 3, words: "no sound card")) {
            let player = try AudioPlayer(program: program, sampleRateHz: 44_100)
            for _ in 0..<50 { try player.append([Float](repeating: 0, count: 44_100)) }
            try player.finish()
        }
    }

    @Test func programsThatDoNotStart() throws {
        #expect(throws: PlayerError.self) {
            try AudioPlayer(program: PlayerProgram(kind: .aplay, path: "/nowhere/aplay"), sampleRateHz: 44_100)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func stoppingDoesNotWaitForTheEnd() throws {
        let folder = try folder(with: "aplay", running: "exec sleep 600")
        let player = try AudioPlayer(
            program: PlayerProgram.find(searchPath: folder.url.path), sampleRateHz: 44_100)
        try player.append([0, 0, 0])
        player.stop()
        player.stop()
    }
}
