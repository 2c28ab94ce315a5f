#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The functions of the CUDA driver in use, found when the program runs: nothing of NVIDIA's is needed to build.
///
/// `@unchecked Sendable`: addresses of functions, which the driver lets any thread call.
final class CUDALibrary: @unchecked Sendable {
    typealias Handle = OpaquePointer
    typealias Status = Int32
    /// The number of a device.
    typealias Ordinal = Int32
    /// An address in a device's memory.
    typealias Address = UInt64

    let initialize: @convention(c) (UInt32) -> Status
    let getVersion: @convention(c) (UnsafeMutablePointer<Int32>) -> Status
    let getErrorName: @convention(c) (Status, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Status
    let getDeviceCount: @convention(c) (UnsafeMutablePointer<Int32>) -> Status
    let getDevice: @convention(c) (UnsafeMutablePointer<Ordinal>, Int32) -> Status
    let getName: @convention(c) (UnsafeMutablePointer<CChar>, Int32, Ordinal) -> Status
    let getTotalMemory: @convention(c) (UnsafeMutablePointer<Int>, Ordinal) -> Status
    let getAttribute: @convention(c) (UnsafeMutablePointer<Int32>, Int32, Ordinal) -> Status

    let retainContext: @convention(c) (UnsafeMutablePointer<Handle?>, Ordinal) -> Status
    let releaseContext: @convention(c) (Ordinal) -> Status
    let setCurrent: @convention(c) (Handle?) -> Status
    let createStream: @convention(c) (UnsafeMutablePointer<Handle?>, UInt32) -> Status
    let destroyStream: @convention(c) (Handle) -> Status
    let synchronize: @convention(c) (Handle) -> Status

    let getFreeMemory: @convention(c) (UnsafeMutablePointer<Int>, UnsafeMutablePointer<Int>) -> Status
    let allocate: @convention(c) (UnsafeMutablePointer<Address>, Int) -> Status
    let free: @convention(c) (Address) -> Status
    let allocateHost: @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>, Int, UInt32) -> Status
    let freeHost: @convention(c) (UnsafeMutableRawPointer) -> Status
    let copyToDevice: @convention(c) (Address, UnsafeRawPointer, Int, Handle) -> Status
    let copyToHost: @convention(c) (UnsafeMutableRawPointer, Address, Int, Handle) -> Status

    let loadModule:
        @convention(c) (
            UnsafeMutablePointer<Handle?>, UnsafeRawPointer, UInt32, UnsafePointer<Int32>,
            UnsafeMutablePointer<UnsafeMutableRawPointer?>
        ) -> Status
    let unloadModule: @convention(c) (Handle) -> Status
    let getFunction: @convention(c) (UnsafeMutablePointer<Handle?>, Handle, UnsafePointer<CChar>) -> Status
    let getFunctionAttribute: @convention(c) (UnsafeMutablePointer<Int32>, Int32, Handle) -> Status
    let launch:
        @convention(c) (
            Handle, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, Handle,
            UnsafeMutablePointer<UnsafeMutableRawPointer?>, UnsafeMutableRawPointer?
        ) -> Status

    let beginCapture: @convention(c) (Handle, Int32) -> Status
    let endCapture: @convention(c) (Handle, UnsafeMutablePointer<Handle?>) -> Status
    let destroyGraph: @convention(c) (Handle) -> Status
    let instantiateGraph: @convention(c) (UnsafeMutablePointer<Handle?>, Handle, UInt64) -> Status
    let launchGraph: @convention(c) (Handle, Handle) -> Status
    let destroyInstance: @convention(c) (Handle) -> Status

    /// Names under which systems have the driver; the last one is where Windows puts it for its Linux.
    private static let names = ["libcuda.so.1", "libcuda.so", "/usr/lib/wsl/lib/libcuda.so.1"]
    /// Names another library instead.
    private static let variable = "MYNAH_CUDA_LIBRARY"

    /// Opens the library; it stays open as long as the program runs.
    ///
    /// - Parameter name: Another library instead of the system's driver, or of the one that `MYNAH_CUDA_LIBRARY` names.
    /// - Throws: ``DeviceError/libraryUnusable(_:reason:)``
    init(named name: String? = nil) throws(DeviceError) {
        let wished = name ?? getenv(Self.variable).map { String(cString: $0) }
        let names = wished.flatMap { $0.isEmpty ? nil : [$0] } ?? Self.names
        var opened: (name: String, handle: UnsafeMutableRawPointer)?
        var reason: String?
        for name in names where opened == nil {
            if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) {
                opened = (name, handle)
            } else if reason == nil {
                reason = dlerror().map { String(cString: $0) }
            }
        }
        guard let opened else { throw .libraryUnusable(names[0], reason: reason ?? "it is not there") }
        func find<Function>(_ name: String) throws(DeviceError) -> Function {
            guard let address = dlsym(opened.handle, name) else {
                throw .libraryUnusable(opened.name, reason: "it has no \(name)")
            }
            // The type is that of the function in the documentation of the driver.
            return unsafeBitCast(address, to: Function.self)
        }
        // A number behind a name is a revision of the function, with 64-bit sizes: the headers choose it for who has them.
        initialize = try find("cuInit")
        getVersion = try find("cuDriverGetVersion")
        getErrorName = try find("cuGetErrorName")
        getDeviceCount = try find("cuDeviceGetCount")
        getDevice = try find("cuDeviceGet")
        getName = try find("cuDeviceGetName")
        getTotalMemory = try find("cuDeviceTotalMem_v2")
        getAttribute = try find("cuDeviceGetAttribute")
        retainContext = try find("cuDevicePrimaryCtxRetain")
        releaseContext = try find("cuDevicePrimaryCtxRelease_v2")
        setCurrent = try find("cuCtxSetCurrent")
        createStream = try find("cuStreamCreate")
        destroyStream = try find("cuStreamDestroy_v2")
        synchronize = try find("cuStreamSynchronize")
        getFreeMemory = try find("cuMemGetInfo_v2")
        allocate = try find("cuMemAlloc_v2")
        free = try find("cuMemFree_v2")
        allocateHost = try find("cuMemHostAlloc")
        freeHost = try find("cuMemFreeHost")
        copyToDevice = try find("cuMemcpyHtoDAsync_v2")
        copyToHost = try find("cuMemcpyDtoHAsync_v2")
        loadModule = try find("cuModuleLoadDataEx")
        unloadModule = try find("cuModuleUnload")
        getFunction = try find("cuModuleGetFunction")
        getFunctionAttribute = try find("cuFuncGetAttribute")
        launch = try find("cuLaunchKernel")
        beginCapture = try find("cuStreamBeginCapture_v2")
        endCapture = try find("cuStreamEndCapture")
        destroyGraph = try find("cuGraphDestroy")
        instantiateGraph = try find("cuGraphInstantiateWithFlags")
        launchGraph = try find("cuGraphLaunch")
        destroyInstance = try find("cuGraphExecDestroy")
    }

    /// Turns a status into an error with the driver's name for it.
    func check(_ status: Status, _ call: String, byteCount: Int = 0) throws(DeviceError) {
        guard status != 0 else { return }
        let outOfMemory: Status = 2
        if status == outOfMemory { throw .outOfMemory(byteCount: byteCount) }
        var name: UnsafePointer<CChar>?
        let words = getErrorName(status, &name) == 0 ? name.map { ": " + String(cString: $0) } ?? "" : ""
        throw .callFailed(call + words, code: Int(status))
    }
}
