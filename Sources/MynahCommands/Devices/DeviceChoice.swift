import ArgumentParser
import GPU

/// What `--device` says.
enum DeviceChoice: ExpressibleByArgument, Equatable {
    case processor
    /// The first graphics card that computes as the processor does, else the processor.
    case automatic
    /// The same, and an error where there is none.
    case card
    /// A device by its name, such as `cuda:0` or `opencl:0`.
    case device(String)

    init?(argument: String) {
        switch argument {
        case "cpu": self = .processor
        case "auto": self = .automatic
        case "gpu": self = .card
        default:
            let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
            // Also the names of launchers that this program was built without: they are answered with what is there.
            guard parts.count == 2, ["cuda", "opencl"].contains(parts[0]), UInt16(parts[1]) != nil else { return nil }
            self = .device(argument)
        }
    }
}

extension DeviceChoice: CustomStringConvertible {
    /// As it is given.
    var description: String {
        switch self {
        case .processor: "cpu"
        case .automatic: "auto"
        case .card: "gpu"
        case .device(let id): id
        }
    }
}

/// The option that chooses what computes.
struct DeviceOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What computes.",
            discussion: "gpu takes the first graphics card, by CUDA before OpenCL, that computes as the processor "
                + "does, and fails where there is none; auto takes the processor then. The first start compares the "
                + "card's kernels with the processor's, which takes some seconds, and remembers the result. 'mynah "
                + "doctor' lists what cuda:N and opencl:N may be. On a device weights are bf16 unless --precision says "
                + "otherwise.",
            valueName: "auto|cpu|gpu|cuda:N|opencl:N"))
    var device = DeviceChoice.processor

    @Option(
        help: ArgumentHelp(
            "The most of the device's memory that is taken, such as 6GiB (default: what is free).",
            discussion: "Planned before the model is loaded: fewer requests at once or shorter parts where that is "
                + "enough, else an error with the numbers.",
            valueName: "bytes"))
    var gpuMemory: ByteCount?
}
