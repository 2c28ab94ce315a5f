import Foundation
import GPU

/// The devices of this machine, and how well one of them computes. The names of the JSON are its keys.
struct DeviceCheckup: Encodable {
    /// One device that OpenCL drivers offer.
    struct Device: Encodable {
        var id: String
        var name: String
        var driver: String
        var memoryBytes: Int

        enum CodingKeys: String, CodingKey {
            case id, name, driver
            case memoryBytes = "memory_bytes"
        }

        init(_ information: DeviceInformation) {
            id = information.id
            name = information.name
            driver = information.driver
            memoryBytes = information.memoryBytes
        }

        /// One line for people.
        var text: String { "\(id) \(name), \(Figures.bytes(memoryBytes)), \(driver)" }

        /// All of this machine; none where OpenCL is not installed.
        static var all: [Device] { ((try? OpenCLDevices().all) ?? []).map(Device.init) }
    }

    let device: Device
    /// Steps compared with the processor's.
    let steps: Int
    /// The largest error of any, relative to the larger of 1 and the largest value.
    let worstError: Double
    /// The steps whose error is too large.
    let faults: [String]

    enum CodingKeys: String, CodingKey {
        case device, steps, faults
        case worstError = "worst_error"
    }

    /// Runs every kernel of a device beside the processor's.
    ///
    /// - Throws: `DeviceError` where there is no such device, or where it fails.
    init(_ id: String) throws {
        let device = try OpenCLDevices().open(id)
        let results = try KernelCheck.run(device)
        self.device = Device(device.information)
        steps = results.count
        worstError = results.map(\.error).max() ?? 0
        faults = results.filter { !$0.isGood }.map { "\($0.name): \($0.error)" }
    }

    /// Lines for people, and a verdict.
    var text: String {
        let verdict =
            faults.isEmpty
            ? "All is well: --device \(device.id) computes as the processor does."
            : "\(faults.count) steps are wrong; do not use this device, and report these lines."
        return
            ([
                device.text, "\(steps) steps compared, worst error \(String(format: "%.1e", worstError))", "",
            ] + faults + [verdict]).joined(separator: "\n")
    }
}
