import Foundation
import GPU
import TestSupport
import Testing

/// Every kernel on every device of this machine against the CPU's plain kernels.
struct KernelTests {
    @Test(.needsDevice, arguments: TestDevices.all) func everyKernelGivesWhatTheCPUGives(
        information: DeviceInformation
    ) throws {
        // tools/oclgrind-check/run.sh looks at a part of the steps.
        let interval = ProcessInfo.processInfo.environment["MYNAH_CHECK_EVERY"].flatMap(Int.init) ?? 1
        let results = try KernelCheck.run(try TestDevices.open(information), every: interval)
        #expect(results.count > 100 / interval)
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
