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

    /// Containers often have a driver without the file that tells the loader of it, or no loader.
    @Test(.needsDevice, arguments: [["libnosuchopencl.so.9"], ["libc.so.6"]])
    func driversAreAskedThemselvesWhereTheLoaderLeadsNowhere(loaders: [String]) throws {
        let devices = try OpenCLDevices(loaders: loaders, drivers: [["libnosuchdriver.so.9", "libpocl.so.2"]])
        let first = try #require(devices.all.first, "PoCL has the processor")
        let gpu = GPUBackend(try devices.open(first.id))
        let x = Matrix(rows: 3, columns: 5, values: (0..<15).map(Float.init))
        gpu.add(x, x, into: x)
        #expect(x.values() == (0..<15).map { 2 * Float($0) } && gpu.failure == nil)
    }

    @Test func driversThatAreNotThereOrBrokenAreNoDevices() throws {
        #expect(throws: DeviceError.self) {
            try OpenCLDevices(loaders: ["libnosuchopencl.so.9"], drivers: [["libnosuchdriver.so.9"], ["libc.so.6"]])
        }
    }

    @Test func whatLeadsToDevicesSaysWhyItDoesNot() {
        let devices = Devices()
        for launcher in Devices.Launcher.allCases {
            let own = devices.all.filter { $0.id.hasPrefix(launcher.rawValue + ":") }
            #expect(own.isEmpty || devices.faults[launcher] == nil)
        }
        #expect(devices.cards.allSatisfy { !$0.isProcessor })
        for id in ["opencl:99", "nothing:0", "opencl", ""] {
            #expect(throws: DeviceError.self) { try devices.open(id) }
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
