/// The functions of OpenCL 1.2 in use, found when the program runs: nothing of it is needed to build.
///
/// `@unchecked Sendable`: addresses of functions, which OpenCL lets any thread call.
final class OpenCLLibrary: @unchecked Sendable {
    typealias Handle = OpaquePointer
    typealias Status = Int32

    let getPlatforms: @convention(c) (UInt32, UnsafeMutablePointer<Handle?>?, UnsafeMutablePointer<UInt32>?) -> Status
    let getDevices:
        @convention(c) (Handle, UInt64, UInt32, UnsafeMutablePointer<Handle?>?, UnsafeMutablePointer<UInt32>?) -> Status
    let getDeviceInfo:
        @convention(c) (Handle, UInt32, Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> Status
    let createContext:
        @convention(c) (
            UnsafePointer<Int>?, UInt32, UnsafePointer<Handle?>, UnsafeRawPointer?, UnsafeMutableRawPointer?,
            UnsafeMutablePointer<Status>
        ) -> Handle?
    let createQueue: @convention(c) (Handle, Handle, UInt64, UnsafeMutablePointer<Status>) -> Handle?
    let createBuffer:
        @convention(c) (Handle, UInt64, Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Status>) -> Handle?
    let enqueueWrite:
        @convention(c) (
            Handle, Handle, UInt32, Int, Int, UnsafeRawPointer, UInt32, UnsafeRawPointer?, UnsafeMutableRawPointer?
        ) -> Status
    let enqueueRead:
        @convention(c) (
            Handle, Handle, UInt32, Int, Int, UnsafeMutableRawPointer, UInt32, UnsafeRawPointer?,
            UnsafeMutableRawPointer?
        ) -> Status
    let createProgram:
        @convention(c) (
            Handle, UInt32, UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int>?, UnsafeMutablePointer<Status>
        ) -> Handle?
    let buildProgram:
        @convention(c) (
            Handle, UInt32, UnsafePointer<Handle?>, UnsafePointer<CChar>, UnsafeRawPointer?, UnsafeMutableRawPointer?
        ) -> Status
    let getBuildInfo:
        @convention(c) (Handle, Handle, UInt32, Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> Status
    let createKernel: @convention(c) (Handle, UnsafePointer<CChar>, UnsafeMutablePointer<Status>) -> Handle?
    let getGroupInfo:
        @convention(c) (Handle, Handle, UInt32, Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> Status
    let setArgument: @convention(c) (Handle, UInt32, Int, UnsafeRawPointer?) -> Status
    let enqueueKernel:
        @convention(c) (
            Handle, Handle, UInt32, UnsafePointer<Int>?, UnsafePointer<Int>, UnsafePointer<Int>, UInt32,
            UnsafeRawPointer?, UnsafeMutableRawPointer?
        ) -> Status
    let finish: @convention(c) (Handle) -> Status
    let releaseContext: @convention(c) (Handle) -> Status
    let releaseQueue: @convention(c) (Handle) -> Status
    let releaseBuffer: @convention(c) (Handle) -> Status
    let releaseProgram: @convention(c) (Handle) -> Status
    let releaseKernel: @convention(c) (Handle) -> Status

    /// Finds all functions.
    ///
    /// - Throws: ``DeviceError/libraryUnusable(_:reason:)`` where one is missing.
    init(_ symbols: OpenCLSymbols) throws(DeviceError) {
        func find<Function>(_ name: String) throws(DeviceError) -> Function {
            guard let address = symbols.address(of: name) else {
                throw .libraryUnusable(symbols.name, reason: "it has no \(name)")
            }
            // The type is that of the function in the OpenCL specification.
            return unsafeBitCast(address, to: Function.self)
        }
        getPlatforms = try find("clGetPlatformIDs")
        getDevices = try find("clGetDeviceIDs")
        getDeviceInfo = try find("clGetDeviceInfo")
        createContext = try find("clCreateContext")
        createQueue = try find("clCreateCommandQueue")
        createBuffer = try find("clCreateBuffer")
        enqueueWrite = try find("clEnqueueWriteBuffer")
        enqueueRead = try find("clEnqueueReadBuffer")
        createProgram = try find("clCreateProgramWithSource")
        buildProgram = try find("clBuildProgram")
        getBuildInfo = try find("clGetProgramBuildInfo")
        createKernel = try find("clCreateKernel")
        getGroupInfo = try find("clGetKernelWorkGroupInfo")
        setArgument = try find("clSetKernelArg")
        enqueueKernel = try find("clEnqueueNDRangeKernel")
        finish = try find("clFinish")
        releaseContext = try find("clReleaseContext")
        releaseQueue = try find("clReleaseCommandQueue")
        releaseBuffer = try find("clReleaseMemObject")
        releaseProgram = try find("clReleaseProgram")
        releaseKernel = try find("clReleaseKernel")
    }

    /// Turns a status into an error.
    static func check(_ status: Status, _ call: String, byteCount: Int = 0) throws(DeviceError) {
        switch status {
        case 0: return
        // CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_RESOURCES while allocating, CL_INVALID_BUFFER_SIZE
        case -4, -61: throw .outOfMemory(byteCount: byteCount)
        default: throw .callFailed(call, code: Int(status))
        }
    }
}
