import Foundation
import GPU

/// How well one device computes, and how fast. The names of the JSON are its keys.
struct DeviceCheckup: Encodable {
    /// One device of this machine.
    struct Device: Encodable {
        var id: String
        var name: String
        var driver: String
        var memoryBytes: Int
        /// `good`, `wrong`, or nil where nobody has compared its kernels yet.
        var verdict: String?
        /// When that was found out.
        var checked: Date?

        enum CodingKeys: String, CodingKey {
            case id, name, driver, verdict, checked
            case memoryBytes = "memory_bytes"
        }

        init(_ information: DeviceInformation, _ verdict: KernelVerdict?) {
            id = information.id
            name = information.name
            driver = information.driver
            memoryBytes = information.memoryBytes
            self.verdict = verdict.map { $0.isGood ? "good" : "wrong" }
            checked = verdict?.checked
        }

        /// One line for people.
        var text: String { "\(id) \(name), \(Figures.bytes(memoryBytes)), \(driver)" }

        /// What is known of its kernels, for people.
        var verdictText: String {
            let day = checked.map { " (compared on \($0.formatted(.iso8601.year().month().day())))" } ?? ""
            return switch verdict {
            case "good"?: "computes as the processor does\(day)"
            case "wrong"?: "computes wrongly\(day)"
            default: "not compared with the processor yet"
            }
        }

        /// All of this machine, with what earlier starts found out; none where no driver is installed.
        static var all: [Device] {
            Devices().all.map { information in
                Device(information, VerdictShelf.standard.find(.init(information, program: Program.version)))
            }
        }
    }

    /// How fast one step is.
    struct Step: Encodable {
        var name: String
        var microseconds: Double
        var gigabytesPerSecond: Double
        var gigaopsPerSecond: Double

        enum CodingKeys: String, CodingKey {
            case name, microseconds
            case gigabytesPerSecond = "gigabytes_per_second"
            case gigaopsPerSecond = "gigaops_per_second"
        }

        init(_ measurement: KernelMeasurement) {
            name = measurement.name
            microseconds = measurement.seconds * 1e6
            gigabytesPerSecond = measurement.gigabytesPerSecond
            gigaopsPerSecond = measurement.gigaopsPerSecond
        }
    }

    /// How fast the device is.
    struct Speed: Encodable {
        /// Of copying what fits in no cache, read and written.
        var gigabytesPerSecond: Double
        /// What every launch costs at least.
        var launchMicroseconds: Double
        var steps: [Step]

        enum CodingKeys: String, CodingKey {
            case steps
            case gigabytesPerSecond = "gigabytes_per_second"
            case launchMicroseconds = "launch_microseconds"
        }

        init(_ measurement: DeviceMeasurement) {
            gigabytesPerSecond = measurement.gigabytesPerSecond
            launchMicroseconds = measurement.launchSeconds * 1e6
            steps = measurement.steps.map(Step.init)
        }
    }

    /// What was asked for, such as `auto`.
    let asked: String
    /// Why this device, where that was left open.
    let reason: String?
    let device: Device
    /// The program that was checked, and its kernels' edition: both belong into a report.
    let program = Program.version
    let kernels = Kernel.edition
    /// Steps compared with the processor's.
    let steps: Int
    /// The largest error of any, relative to the larger of 1 and the largest value; null where one is no number.
    let worstError: Double?
    /// The steps whose error is too large.
    let faults: [String]
    /// Absent where the device computes wrongly.
    let speed: Speed?

    /// `used`, `none`, or `wrong`: other kernels take their place then.
    let tensorCores: String

    enum CodingKeys: String, CodingKey {
        case asked, reason, device, program, kernels, steps, faults, speed
        case tensorCores = "tensor_cores"
        case worstError = "worst_error"
    }

    /// Runs every kernel of a device beside the processor's, remembers what came out, and measures each.
    ///
    /// - Returns: Nil where the choice leads to the processor, and why.
    /// - Throws: `DeviceError` where there is no such device, or where it fails; ``CommandError`` where a graphics card
    ///   was asked for and there is none.
    static func run(_ choice: DeviceChoice) throws -> (checkup: DeviceCheckup?, reason: String?) {
        // What earlier starts found out is what is to be found out again.
        var selector = DeviceSelector.ofThisMachine(trusts: false)
        selector.refusesWrong = false
        let selection = try selector.select(choice)
        guard let device = selection.device, let verdict = selection.verdict else { return (nil, selection.reason) }
        return (
            DeviceCheckup(
                choice, selection.reason, device.information, verdict,
                verdict.isGood ? try DeviceMeasurement(device, usesTensorCores: selection.usesTensorCores) : nil),
            selection.reason
        )
    }

    private init(
        _ choice: DeviceChoice, _ reason: String?, _ information: DeviceInformation, _ verdict: KernelVerdict,
        _ measurement: DeviceMeasurement?
    ) {
        asked = choice.description
        self.reason = reason
        device = Device(information, verdict)
        steps = verdict.steps
        worstError = verdict.worstError
        faults = verdict.faults.map(\.description)
        isGood = verdict.isGood
        tensorCores = !information.hasTensorCores ? "none" : verdict.isGoodOnTensorCores ? "used" : "wrong"
        speed = measurement.map(Speed.init)
    }

    /// Whether it may be used.
    let isGood: Bool

    /// Lines for people, and a verdict.
    var text: String {
        var lines = ["mynah \(program), kernels \(kernels)", device.text]
        if let reason { lines.append("\(reason.prefix(1).uppercased())\(reason.dropFirst()).") }
        let error = worstError.map { String(format: "%.1e", $0) } ?? "no number"
        lines.append("\(steps) steps compared with the processor's, worst error \(error)")
        switch tensorCores {
        case "used": lines.append("linear layers of several rows go to its tensor cores")
        case "wrong": lines.append("its tensor cores compute wrongly and are not used; please report these lines")
        default: break
        }
        if let speed { lines += ["", speed.text] }
        lines.append("")
        guard isGood else {
            return
                (lines + faults + [
                    "\(faults.count) steps are wrong: this device is not used. Please report these lines."
                ]).joined(separator: "\n")
        }
        lines += faults
        lines.append("All is well: --device \(device.id) computes as the processor does. It is remembered.")
        return lines.joined(separator: "\n")
    }
}

extension DeviceCheckup.Speed {
    /// A table for people.
    fileprivate var text: String {
        var table = TextTable(["step", "microseconds", "GB/s", "of memory", "Gop/s"], rightAligned: [1, 2, 3, 4])
        for step in steps {
            let share = gigabytesPerSecond > 0 ? 100 * step.gigabytesPerSecond / gigabytesPerSecond : 0
            table.add([
                step.name, Figures.seconds(step.microseconds), Figures.seconds(step.gigabytesPerSecond),
                "\(Int(share.rounded())) %", Figures.seconds(step.gigaopsPerSecond),
            ])
        }
        return """
            memory \(Figures.seconds(gigabytesPerSecond)) GB/s, a launch \(Figures.seconds(launchMicroseconds)) \
            microseconds at least

            \(table.text)
            """
    }
}
