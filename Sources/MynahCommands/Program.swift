public import ArgumentParser
import Foundation
import Glibc

/// The command `mynah`.
public struct MynahCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "mynah",
        abstract: "Text to speech with VoxCPM: type a text, hear it spoken.",
        discussion: """
            EXAMPLES
              mynah say "Good morning. Shall we begin?" -o hello.wav
              mynah say - --stream < chapter.txt | ffplay -nodisp -autoexit -
              mynah say "My voice." --prompt-audio me.wav --prompt-text "What I say there."
              mynah models list

            EXIT CODES
              0    done
              1    something went wrong; standard error says what, where, and what to do
              64   the command line is not understood
              130  interrupted; what was spoken so far is in the file
              141  the reader of standard output went away
            """,
        version: Program.version,
        subcommands: [
            ServeCommand.self, SayCommand.self, ModelsCommand.self, KeysCommand.self, BenchCommand.self,
            DoctorCommand.self,
            TraceCommand.self,
        ])

    public init() {}
}

/// Runs the command line.
public enum Program {
    public static let version = "0.1.0"

    /// Parses the arguments of the process, runs the command on this thread, and ends the process.
    public static func main() -> Never {
        Interrupts.unblock()
        exit(run(Array(CommandLine.arguments.dropFirst())))
    }

    /// Runs one command line.
    ///
    /// - Returns: The exit code.
    public static func run(_ arguments: [String]) -> Int32 {
        do {
            var command = try MynahCommand.parseAsRoot(arguments)
            try command.run()
            return ExitStatus.success.rawValue
        } catch {
            return report(error)
        }
    }

    /// Says what went wrong, where it is not silent, and gives the exit code.
    private static func report(_ error: any Error) -> Int32 {
        if let code = error as? ExitStatus { return code.rawValue }
        if let code = error as? ExitCode { return code.rawValue }
        let code = MynahCommand.exitCode(for: error)
        if code == .success {
            Console.write(MynahCommand.fullMessage(for: error))
            return code.rawValue
        }
        if code == .validationFailure || code.rawValue == ExitStatus.usage.rawValue {
            Console.note(MynahCommand.fullMessage(for: error))
            return ExitStatus.usage.rawValue
        }
        Console.note("mynah: \(sentence(error))")
        return ExitStatus.failure.rawValue
    }

    /// The error's one sentence.
    static func sentence(_ error: any Error) -> String {
        let text = "\(error)"
        guard let last = text.last, !".!?".contains(last) else { return text }
        return text + "."
    }
}

/// How a command ends. Thrown where a command ends early without a message of its own.
enum ExitStatus: Int32, Error {
    case success = 0
    case failure = 1
    case usage = 64
    case interrupted = 130
    case readerGone = 141
}
