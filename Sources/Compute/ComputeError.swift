/// What the compute room can refuse.
public enum ComputeError: Error, Equatable, CustomStringConvertible {
    /// The named instruction set is unknown, or this machine cannot run it.
    ///
    /// - choices: What this machine runs, the best first.
    case instructionSetUnavailable(String, choices: [String])

    public var description: String {
        switch self {
        case .instructionSetUnavailable(let name, let choices):
            "this machine has no kernels '\(name)'; leave MYNAH_CPU unset, or choose one of \(choices.joined(separator: ", "))"
        }
    }
}
