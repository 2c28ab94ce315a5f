import Compute
import TestSupport
import Testing

@testable import GPU

/// What can go wrong on the way to NVIDIA's driver and behind it. The errors are the documented ones; which of them a real
/// driver gives in the same place, and what state it is in afterwards, only a real one can show.
struct CUDAFaultTests {
    @Test func aMissingLibraryIsSaid() {
        #expect(throws: DeviceError.self) { try CUDADevices(library: "libnosuchcuda.so.9") }
    }

    @Test func aLibraryWithoutTheFunctionsIsSaid() {
        #expect(throws: DeviceError.libraryUnusable("libc.so.6", reason: "it has no cuInit")) {
            try CUDADevices(library: "libc.so.6")
        }
    }

    @Test(.needsDouble) func aMachineWithoutACardHasNoDevices() throws {
        let double = try CUDADouble()
        try double.set(.devices, 0)
        let devices = try CUDADevices(library: double.path)
        #expect(devices.all.isEmpty)
        #expect(throws: DeviceError.noSuchDevice("cuda:0", choices: [])) { try devices.open("cuda:0") }
    }

    @Test(.needsDouble) func aDeviceThatIsNotThereIsSaid() throws {
        let double = try CUDADouble()
        #expect(throws: DeviceError.noSuchDevice("cuda:1", choices: ["cuda:0"])) {
            try CUDADevices(library: double.path).open("cuda:1")
        }
    }

    @Test(.needsDouble) func aDriverThatDoesNotStartIsSaid() throws {
        let double = try CUDADouble()
        try double.fail("cuInit", code: 999)
        #expect(throws: DeviceError.callFailed("cuInit: CUDA_ERROR_UNKNOWN", code: 999)) {
            try CUDADevices(library: double.path)
        }
    }

    @Test(.needsDouble) func anOldCardIsListedAndRefused() throws {
        let double = try CUDADouble()
        try double.set(.capability, 75)
        let devices = try CUDADevices(library: double.path)
        #expect(devices.all.count == 1)
        #expect(throws: DeviceError.unsupported("compute capability 7.5 of double of a card; 8.0 is the least")) {
            try devices.open("cuda:0")
        }
    }

    /// The words of the driver's compiler are in the error.
    @Test(.needsDouble) func aModuleThatDoesNotCompileIsSaid() throws {
        let double = try CUDADouble()
        let device = try Self.broken.withCString { text in
            let device = try CUDADevices(library: double.path).open("cuda:0", module: PTXModule(text: text))
            let log = "ptxas application ptx input, line 1; fatal : Parsing error near end of file"
            #expect(throws: DeviceError.buildFailed(program: "all steps", log: log)) { try device.prepare(.tanh) }
            return device
        }
        // Memory is there all the same.
        #expect(try device.allocate(byteCount: 16).byteCount == 16)
    }

    private static let broken = ".version 7.0\n.target sm_80\n.visible .entry tanh_elements(.param .u64 a) { ret;"

    @Test(.needsDouble) func aModuleThatWantsTooMuchIsSaid() throws {
        let double = try CUDADouble()
        let text = """
            .version 7.0
            .target sm_90
            .visible .entry tanh_elements(.param .u64 a) { ret; }
            """
        try text.withCString { text in
            let device = try CUDADevices(library: double.path).open("cuda:0", module: PTXModule(text: text))
            #expect(throws: DeviceError.callFailed("cuModuleLoadDataEx: CUDA_ERROR_NO_BINARY_FOR_GPU", code: 209)) {
                try device.prepare(.tanh)
            }
        }
    }

    @Test(.needsDouble) func memoryThatIsNotThereIsRefused() throws {
        let double = try CUDADouble()
        let device = try double.open()
        #expect(throws: DeviceError.outOfMemory(byteCount: 3 << 30)) { try device.allocate(byteCount: 3 << 30) }
        #expect(try device.allocate(byteCount: 16).byteCount == 16)
    }

    /// Everything that opening makes is given back when a later step of it fails.
    @Test(.needsDouble, arguments: ["cuDevicePrimaryCtxRetain", "cuCtxSetCurrent", "cuStreamCreate", "cuMemHostAlloc"])
    func openingFailsWithoutLeavingAnything(call: String) throws {
        let double = try CUDADouble()
        try double.fail(call, code: 999)
        #expect(throws: DeviceError.self) { try double.open() }
        #expect(try double.live == 0)
    }

    /// A kernel that went astray ends the context: all calls fail from then on, until everything of the device is gone and
    /// it is opened anew.
    @Test(.needsDouble, arguments: [("cuLaunchKernel", Int32(700)), ("cuStreamSynchronize", 719)])
    func aLostDeviceFailsAllLaterSteps(call: String, code: Int32) throws {
        let double = try CUDADouble()
        do {
            let values = Matrix(rows: 1, columns: 2, values: [1, 2])
            let gpu = GPUBackend(try double.open())
            try double.fail(call, code: code)
            gpu.add(values, values, into: values)
            _ = values.values()
            guard case .callFailed(_, Int(code))? = gpu.failure else {
                Issue.record("\(String(describing: gpu.failure))")
                return
            }
            #expect(throws: DeviceError.self) { try gpu.device.allocate(byteCount: 16) }
        }
        let anew = GPUBackend(try double.open())
        let ones = Matrix(rows: 1, columns: 2, values: [1, 1])
        anew.add(ones, ones, into: ones)
        #expect(ones.values() == [2, 2] && anew.failure == nil)
    }
}
