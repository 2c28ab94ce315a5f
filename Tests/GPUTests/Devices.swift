import GPU
import Testing

/// The OpenCL devices of this machine. Where there are none the tests of kernels are skipped and say so; `test.sh`
/// installs PoCL, which executes them on the processor.
enum TestDevices {
    static let all: [DeviceInformation] = (try? OpenCLDevices().all) ?? []

    /// Opens a device for a test of its own.
    static func open(_ information: DeviceInformation) throws -> any Device {
        try OpenCLDevices().open(information.id)
    }
}

extension Trait where Self == ConditionTrait {
    /// Runs a test only where a device is.
    static var needsDevice: Self { .enabled(if: !TestDevices.all.isEmpty, "no OpenCL device; install pocl-opencl-icd") }
}
