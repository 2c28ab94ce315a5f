/// The devices of this machine, whichever driver leads to them.
///
/// This is the one place that knows all launchers. Their order is the order of preference: CUDA before OpenCL, since one
/// card often has both.
public struct Devices: Sendable {
    /// The ways to devices.
    public enum Launcher: String, Sendable, CaseIterable {
        case cuda, openCL = "opencl"

        /// As people call it.
        public var name: String {
            switch self {
            case .cuda: "CUDA"
            case .openCL: "OpenCL"
            }
        }
    }

    private let cuda: CUDADevices?
    private let openCL: OpenCLDevices?
    /// Why a launcher has no devices: it is not installed, or lacks something.
    public let faults: [Launcher: DeviceError]

    /// Asks all launchers. One that is not there is no error, see ``faults``.
    public init() {
        var faults: [Launcher: DeviceError] = [:]
        func ask<Found>(_ launcher: Launcher, _ body: () throws(DeviceError) -> Found) -> Found? {
            do throws(DeviceError) { return try body() } catch {
                faults[launcher] = error
                return nil
            }
        }
        cuda = ask(.cuda) { () throws(DeviceError) in try CUDADevices() }
        openCL = ask(.openCL) { () throws(DeviceError) in try OpenCLDevices() }
        self.faults = faults
    }

    /// All devices, those of the preferred launcher first; the processor may be among them.
    public var all: [DeviceInformation] { (cuda?.all ?? []) + (openCL?.all ?? []) }

    /// The graphics cards, in the order in which they are to be tried.
    public var cards: [DeviceInformation] { all.filter { !$0.isProcessor } }

    /// Begins to use a device.
    ///
    /// - Parameter id: Such as `cuda:0` or `opencl:0`.
    /// - Throws: ``DeviceError/noSuchDevice(_:choices:)``; why its launcher cannot be used; what the driver refuses.
    public func open(_ id: String) throws(DeviceError) -> any Device {
        switch Launcher(rawValue: String(id.prefix { $0 != ":" })) {
        case .cuda?:
            if let cuda { return try cuda.open(id) }
            throw faults[.cuda] ?? .noSuchDevice(id, choices: all.map(\.id))
        case .openCL?:
            if let openCL { return try openCL.open(id) }
            throw faults[.openCL] ?? .noSuchDevice(id, choices: all.map(\.id))
        case nil: throw .noSuchDevice(id, choices: all.map(\.id))
        }
    }
}
