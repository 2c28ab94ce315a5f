import Compute
import GPU
import TestSupport
import Testing

/// What can go wrong on the way to a device and on it.
struct DeviceTests {
    @Test func aMissingLibraryIsSaid() {
        #expect(throws: DeviceError.self) { try OpenCLDevices(library: "libnosuchopencl.so.9") }
    }

    @Test func aLibraryWithoutTheFunctionsIsSaid() {
        #expect(throws: DeviceError.libraryUnusable("libc.so.6", reason: "it has no clGetPlatformIDs")) {
            try OpenCLDevices(library: "libc.so.6")
        }
    }

    @Test(.needsDevice) func aDeviceThatIsNotThereIsSaid() throws {
        let devices = try OpenCLDevices()
        #expect(throws: DeviceError.noSuchDevice("opencl:99", choices: devices.all.map(\.id))) {
            try devices.open("opencl:99")
        }
    }

    @Test(.needsDevice) func devicesAreDescribed() throws {
        for device in try OpenCLDevices().all {
            #expect(!device.name.isEmpty && device.driver.contains("OpenCL") && device.memoryBytes > 0)
        }
    }

    @Test(.needsDevice) func memoryThatIsNotThereIsRefused() throws {
        let device = try TestDevices.first()
        #expect(throws: DeviceError.outOfMemory(byteCount: 1 << 50)) { try device.allocate(byteCount: 1 << 50) }
    }

    @Test(.needsDevice) func aFailureStaysAndStopsAllLaterSteps() throws {
        let gpu = GPUBackend(try TestDevices.first())
        let heads = HeadLayout(heads: 1, keyValueHeads: 1, headSize: 1000)
        let qkv = Matrix(rows: 1, columns: heads.fusedWidth)
        let out = Matrix(rows: 1, columns: 1000)
        gpu.attend(qkv, heads: heads, cache: nil, plan: .groups(1, of: 1), into: out)
        #expect(gpu.failure == .unsupported("heads of 1000 values: even numbers up to 256 are"))
        let launches = gpu.launchCount
        gpu.add(out, out, into: out)
        #expect(gpu.launchCount == launches && out.values() == Array(repeating: 0, count: 1000))
    }
}
