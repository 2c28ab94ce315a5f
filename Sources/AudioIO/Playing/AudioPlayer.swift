import Foundation
import Glibc

/// Plays speech as it is generated, through a player program.
///
/// Not for use by two tasks at once.
public final class AudioPlayer {
    private let program: PlayerProgram
    private let process = Process()
    private let input = Pipe()
    private let complaints: FileHandle?
    private let writer: AudioWriter
    private var isOpen = true

    /// Starts the first player found in `PATH`.
    ///
    /// - Parameter sampleRateHz: rate of the samples to come, in Hz.
    /// - Throws: `PlayerError`.
    public convenience init(sampleRateHz: Int) throws(PlayerError) {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        try self.init(program: PlayerProgram.find(searchPath: path), sampleRateHz: sampleRateHz)
    }

    /// Starts a player. Its own messages are kept for the error, standard output stays clean.
    ///
    /// - Throws: `PlayerError`.
    public init(program: PlayerProgram, sampleRateHz: Int) throws(PlayerError) {
        self.program = program
        complaints = Self.unnamedFile()
        process.executableURL = URL(fileURLWithPath: program.path)
        process.arguments = program.arguments(rateHz: sampleRateHz)
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = complaints ?? FileHandle.nullDevice
        do {
            try Self.startWithOpenSignals(process)
        } catch {
            throw .cannotStart(program: program.path, reason: "\(error)")
        }
        do throws(AudioWriteError) {
            writer = try AudioWriter(
                to: .descriptor(input.fileHandleForWriting.fileDescriptor, name: program.kind.rawValue),
                format: program.format, sampleRateHz: sampleRateHz,
                // Nobody keeps what is played.
                options: EncodingOptions(label: nil))
        } catch {
            kill(process.processIdentifier, SIGKILL)
            throw .writing(error)
        }
    }

    deinit { stop() }

    /// Hands samples to the player; waits while its buffer is full.
    ///
    /// - Throws: `PlayerError`; the player has then ended.
    public func append(_ samples: [Float]) throws(PlayerError) {
        do throws(AudioWriteError) {
            try writer.append(samples)
        } catch {
            throw ending(error)
        }
    }

    /// Waits until all has been played.
    ///
    /// - Throws: `PlayerError`, with the player's own words where it failed.
    public func finish() throws(PlayerError) {
        do throws(AudioWriteError) {
            try writer.finish()
        } catch {
            throw ending(error)
        }
        isOpen = false
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        if let failure { throw failure }
    }

    /// Stops at once.
    public func stop() {
        guard isOpen else { return }
        isOpen = false
        writer.abandon()
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// The best account of a fault in writing: a player that went away says why itself.
    private func ending(_ fault: AudioWriteError) -> PlayerError {
        guard case .readerGone = fault, isOpen else {
            stop()
            return .writing(fault)
        }
        isOpen = false
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        return failure ?? .writing(fault)
    }

    /// What went wrong in the player that has ended; nil where nothing did.
    private var failure: PlayerError? {
        guard process.terminationStatus != 0 else { return nil }
        var words = ""
        if let complaints, (try? complaints.seek(toOffset: 0)) != nil {
            let text = String(decoding: (try? complaints.readToEnd()) ?? Data(), as: UTF8.self)
            words = text.split(whereSeparator: \.isNewline).last.map { String($0.prefix(200)) } ?? ""
        }
        return .failed(program: program.path, status: process.terminationStatus, words: words)
    }

    /// Starts a program with no signal held back. It inherits what the starting thread holds back, and pool
    /// threads hold back all, so that Ctrl-C would not reach the player.
    private static func startWithOpenSignals(_ process: Process) throws {
        var none = sigset_t()
        sigemptyset(&none)
        var before = sigset_t()
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
    }

    /// A file that is gone when it is closed; nil where none can be made.
    private static func unnamedFile() -> FileHandle? {
        var template = Array("/tmp/mynah-player-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { return nil }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
}
