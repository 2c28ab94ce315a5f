public import GPU

/// The OpenCL devices of this machine. Where there are none the tests of devices are skipped and say so; `test.sh`
/// installs PoCL, which executes kernels on the processor.
public enum TestDevices {
    public static let all: [DeviceInformation] = (try? OpenCLDevices().all) ?? []

    public static var areThere: Bool { !all.isEmpty }

    /// Opens a device for a test of its own.
    public static func open(_ information: DeviceInformation) throws -> any Device {
        try OpenCLDevices().open(information.id)
    }

    /// Opens the first device.
    public static func first() throws -> any Device { try open(all.first ?? none) }

    /// Cannot be opened, and the error says so.
    private static let none = DeviceInformation(
        id: "opencl:0", name: "", driver: "", memoryBytes: 0, isProcessor: false)
}
