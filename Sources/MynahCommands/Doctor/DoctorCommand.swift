import ArgumentParser
import Checkpoint
import Compute
import Foundation
import VoxCPM

/// `mynah doctor`: what this machine can do, and what keeps it from doing more.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at this machine and a model, and advise.",
        discussion: """
            Ends with 1 where the model cannot speak here. With --precision it speaks a few patches twice from the same \
            noise, in 32-bit floats and in that precision, and tells how far they differ: the relative error of each \
            kind of linear layer, of the latents and of the sound. It ends with 1 where a kind of layer is 2 % off or \
            more. This takes memory for the model in 32-bit floats.

            With --device it runs every kernel on that device and on the processor, measures the device's memory and \
            each kernel, and remembers whether the device may be used. It ends with 1 where a kernel is wrong or there \
            is no such device. auto and gpu say which device was chosen and why. Please report what it prints for a \
            graphics card, together with that of 'mynah bench --device'.

            EXAMPLES
              mynah doctor
              mynah doctor --model ./VoxCPM1.5 --json
              mynah doctor --precision int8 --model nano
              mynah doctor --precision bf16 --synthetic voxcpm1.5
              mynah doctor --device gpu
              mynah doctor --device opencl:0 --json
            """)

    @OptionGroup var model: ModelOption

    @Option(help: ArgumentHelp("Compare this precision with 32-bit floats.", valueName: "int8|bf16|auto"))
    var precision: PrecisionChoice?

    @Option(
        help: ArgumentHelp(
            "With --precision: random weights in the shape of an official model instead of a model.",
            valueName: "voxcpm1.5|voxcpm-0.5b"))
    var synthetic: BenchCommand.SyntheticFamily?

    @Option(
        help: ArgumentHelp(
            "Compare the kernels of this device with the processor's, and measure them.",
            valueName: "auto|gpu|cuda:N|opencl:N"))
    var device: DeviceChoice?

    @Option(help: "With --precision: patches of speech to compare.")
    var patches = 4

    @Option(help: "Threads that compute (default: the physical cores).")
    var threads: Int?

    @Flag(help: "Write one JSON object.")
    var json = false

    func validate() throws {
        if device == .processor { throw ValidationError("--device cpu is what the devices are compared with.") }
        if device != nil, precision != nil {
            throw ValidationError("--device compares kernels and --precision a model; give one of them.")
        }
        if synthetic != nil, precision == nil { throw ValidationError("--synthetic needs --precision.") }
        if precision == .f16 {
            throw ValidationError("--precision f16 is for devices: the processor does not compute with it.")
        }
        if precision == .f32 { throw ValidationError("--precision f32 is what the others are compared with.") }
        if !(1...100).contains(patches) { throw ValidationError("--patches is \(patches), but must be 1 to 100.") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads), but must be 1 to 1024.")
        }
    }

    func run() throws {
        if let device {
            let (checkup, reason) = try DeviceCheckup.run(device)
            guard let checkup else {
                let processor = ProcessorChosen(asked: device.description, reason: reason ?? "")
                return Console.write(json ? try processor.readableJSON() : "Note: \(processor.reason).")
            }
            Console.write(json ? try checkup.readableJSON() : checkup.text)
            if !checkup.isGood { throw ExitStatus.failure }
            return
        }
        guard let precision else {
            let checkup = try Checkup(model: model.model)
            Console.write(json ? try checkup.readableJSON() : checkup.text)
            if !checkup.isWell { throw ExitStatus.failure }
            return
        }
        let checkup = try PrecisionCheckup(
            model: model, synthetic: synthetic?.family, precision: precision.precision,
            threads: threads ?? ProcessorCount.physicalCores, patches: patches)
        let comparison = try checkup.compare()
        Console.write(json ? try comparison.readableJSON() : checkup.text(comparison))
        if !comparison.layersBeyondLimit.isEmpty { throw ExitStatus.failure }
    }
}

/// What `--device auto` says where there is nothing but the processor.
private struct ProcessorChosen: Encodable {
    let asked: String
    let device = "cpu"
    let reason: String
}
