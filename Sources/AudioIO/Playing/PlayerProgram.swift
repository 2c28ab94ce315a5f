import Glibc

/// A program on this machine that plays sound from its standard input.
public struct PlayerProgram: Sendable, Equatable {
    /// Programs that we know how to call, in order of preference.
    public enum Kind: String, CaseIterable, Sendable {
        case paplay, aplay, ffplay, play
        case pipeWire = "pw-play"
    }

    /// What it is.
    public let kind: Kind
    /// Where it is.
    public let path: String

    public init(kind: Kind, path: String) {
        self.kind = kind
        self.path = path
    }

    /// The first known player in a search path such as `PATH`.
    ///
    /// - Throws: `PlayerError.noPlayer`, which says what to install.
    public static func find(searchPath: String) throws(PlayerError) -> PlayerProgram {
        let folders = searchPath.split(separator: ":").map(String.init)
        for kind in Kind.allCases {
            for folder in folders {
                let path = "\(folder)/\(kind.rawValue)"
                if access(path, X_OK) == 0 { return PlayerProgram(kind: kind, path: path) }
            }
        }
        throw .noPlayer
    }

    /// What it is fed with.
    var format: AudioFormat {
        switch kind {
        case .paplay, .aplay, .pipeWire: return .pcm
        case .ffplay, .play: return .wav
        }
    }

    /// Its arguments for one channel of 16-bit samples at a rate in Hz, or a wave stream.
    func arguments(rateHz: Int) -> [String] {
        switch kind {
        case .paplay: return ["--raw", "--format=s16le", "--channels=1", "--rate=\(rateHz)"]
        case .aplay: return ["-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "\(rateHz)", "-"]
        case .ffplay: return ["-nodisp", "-autoexit", "-loglevel", "error", "-i", "pipe:0"]
        case .play: return ["-q", "-t", "wav", "--ignore-length", "-"]
        case .pipeWire: return ["--raw", "--format=s16", "--channels=1", "--rate=\(rateHz)", "-"]
        }
    }
}

/// Why sound could not be played.
public enum PlayerError: Error, Equatable, Sendable {
    case noPlayer
    case cannotStart(program: String, reason: String)
    case failed(program: String, status: Int32, words: String)
    case writing(AudioWriteError)
}

extension PlayerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noPlayer:
            return
                "No program that plays sound was found: install one, for example with "
                + "\"apt install pulseaudio-utils\" (paplay) or \"apt install alsa-utils\" (aplay)."
        case .cannotStart(let program, let reason):
            return "The player \(program) cannot be started (\(reason)): install it again or use -o FILE."
        case .failed(let program, let status, let words):
            let told = words.isEmpty ? "" : ": \(words)"
            return "The player \(program) stopped with code \(status)\(told); check the sound device or use -o FILE."
        case .writing(let fault):
            return fault.description
        }
    }
}
