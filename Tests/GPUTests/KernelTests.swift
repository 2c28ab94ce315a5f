import GPU
import TestSupport
import Testing

/// Every kernel on every device of this machine against the CPU's plain kernels.
struct KernelTests {
    @Test(.needsDevice, arguments: TestDevices.all) func everyKernelGivesWhatTheCPUGives(
        information: DeviceInformation
    ) throws {
        let results = try KernelCheck.run(
            try TestDevices.open(information), information.name.contains("Oclgrind") ? .some : .all)
        #expect(results.count > 100)
        for result in results { #expect(result.isGood, "\(result.name): \(result.error)") }
    }

    @Test(.needsDevice, arguments: TestDevices.all) func everyKernelKeepsTheLimits(
        information: DeviceInformation
    ) throws {
        let device = try TestDevices.open(information)
        for kernel in Kernel.all {
            try device.prepare(kernel)
            #expect(kernel.threads <= 256)
        }
    }
}
