/// What the compute room can refuse.
public enum ComputeError: Error, Equatable, CustomStringConvertible {
    /// The named instruction set is unknown, or this machine cannot run it.
    case instructionSetUnavailable(String)

    public var description: String {
        switch self {
        case .instructionSetUnavailable(let name):
            "this machine cannot run the kernels '\(name)'; leave MYNAH_CPU unset or choose scalar, avx2, avx512 or neon"
        }
    }
}
