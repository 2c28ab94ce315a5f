import ArgumentParser
import GPU

/// What computes.
enum DeviceChoice: ExpressibleByArgument, Equatable {
    case processor
    /// The first graphics card whose kernels give what the processor's give, else the processor.
    case automatic
    /// A device by its name, such as `opencl:0`.
    case device(String)

    init?(argument: String) {
        switch argument {
        case "cpu": self = .processor
        case "auto": self = .automatic
        default:
            let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0] == "opencl", UInt16(parts[1]) != nil else { return nil }
            self = .device(argument)
        }
    }

    /// Begins to use the device.
    ///
    /// - Returns: Nil for the processor.
    /// - Throws: `DeviceError` where a device was named that cannot be used.
    func backend() throws -> GPUBackend? {
        switch self {
        case .processor: nil
        case .device(let id): GPUBackend(try OpenCLDevices().open(id))
        case .automatic: Self.firstGoodCard()
        }
    }

    private static func firstGoodCard() -> GPUBackend? {
        do {
            let devices = try OpenCLDevices()
            for card in devices.all where !card.isProcessor {
                do {
                    let device = try devices.open(card.id)
                    guard let worst = try KernelCheck.run(device).first(where: { !$0.isGood }) else {
                        return GPUBackend(device)
                    }
                    Console.note("Note: \(card.name) is not used, since it computes wrongly (\(worst.name)).")
                } catch {
                    Console.note("Note: \(card.name) is not used: \(error).")
                }
            }
        } catch {
            // A machine without OpenCL has no graphics card to speak with.
        }
        return nil
    }
}

/// The option that chooses what computes.
struct DeviceOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What computes.",
            discussion: "auto takes the first graphics card that computes as the processor does, which takes some "
                + "seconds to find out; 'mynah doctor' lists what opencl:N may be. On a device weights are bf16 unless "
                + "--precision says otherwise.",
            valueName: "cpu|auto|opencl:N"))
    var device = DeviceChoice.processor
}

extension DeviceChoice: CustomStringConvertible {
    /// As it is given.
    var description: String {
        switch self {
        case .processor: "cpu"
        case .automatic: "auto"
        case .device(let id): id
        }
    }
}
