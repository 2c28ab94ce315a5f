#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A library that has the functions of OpenCL, and where each of them lies.
///
/// There are two kinds. The system's loader and complete implementations export every function by its name. A driver that
/// is made to be found by a loader may export two functions only: the one that all platforms are asked of, and through
/// each platform's table lead the others. The order of that table is fixed by the specification of the loader's
/// extension (`cl_khr_icd`). So drivers work without a loader, and without the file that tells the loader of them,
/// which containers often lack.
///
/// `@unchecked Sendable`: addresses that stay as they are; libraries stay open as long as the program runs.
struct OpenCLSymbols: @unchecked Sendable {
    /// The library's file.
    let name: String
    private let handle: UnsafeMutableRawPointer
    /// The functions by their places in a driver's table; nil where the library exports them.
    private let table: UnsafePointer<UnsafeRawPointer?>?
    private let platforms: UnsafeMutableRawPointer?

    /// Opens the first of several libraries that is there.
    ///
    /// - Throws: ``DeviceError/libraryUnusable(_:reason:)`` where none is, or where it has no OpenCL.
    init(firstOf names: [String]) throws(DeviceError) {
        var opened: (name: String, handle: UnsafeMutableRawPointer)?
        for name in names where opened == nil {
            if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) { opened = (name, handle) }
        }
        guard let opened else {
            throw .libraryUnusable(
                names.first ?? "OpenCL", reason: dlerror().map { String(cString: $0) } ?? "it is not there")
        }
        (name, handle) = opened
        if dlsym(handle, "clGetPlatformIDs") != nil {
            (table, platforms) = (nil, nil)
            return
        }
        guard let list = Self.listFunction(handle) else {
            throw .libraryUnusable(name, reason: "it has no clGetPlatformIDs")
        }
        guard let table = Self.table(list) else { throw .libraryUnusable(name, reason: "it offers no platform") }
        self.table = table
        platforms = list
    }

    /// Where a function lies; nil where the library has none of that name.
    func address(of function: String) -> UnsafeRawPointer? {
        guard let table else { return dlsym(handle, function).map { UnsafeRawPointer($0) } }
        // The table's own first entry is of no use: drivers leave it to the loader.
        if function == "clGetPlatformIDs" { return platforms.map { UnsafeRawPointer($0) } }
        return Self.order.firstIndex(of: function).flatMap { table[$0] }
    }

    /// A driver's function that lists its platforms as the loader is told of them.
    private static func listFunction(_ handle: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        let name = "clIcdGetPlatformIDsKHR"
        if let direct = dlsym(handle, name) { return direct }
        typealias Find = @convention(c) (UnsafePointer<CChar>) -> UnsafeMutableRawPointer?
        guard let find = dlsym(handle, "clGetExtensionFunctionAddress") else { return nil }
        return unsafeBitCast(find, to: Find.self)(name)
    }

    /// The table that a driver's first platform begins with.
    private static func table(_ list: UnsafeMutableRawPointer) -> UnsafePointer<UnsafeRawPointer?>? {
        typealias List =
            @convention(c) (UInt32, UnsafeMutablePointer<OpaquePointer?>?, UnsafeMutablePointer<UInt32>?) -> Int32
        let list = unsafeBitCast(list, to: List.self)
        var platform: OpaquePointer?
        var count: UInt32 = 0
        guard list(1, &platform, &count) == 0, count > 0, let platform else { return nil }
        return UnsafeRawPointer(platform).load(as: UnsafePointer<UnsafeRawPointer?>?.self)
    }

    /// The functions in the order of a driver's table (`cl_icd_dispatch`), as far as they are needed.
    private static let order = [
        "clGetPlatformIDs", "clGetPlatformInfo", "clGetDeviceIDs", "clGetDeviceInfo", "clCreateContext",
        "clCreateContextFromType", "clRetainContext", "clReleaseContext", "clGetContextInfo", "clCreateCommandQueue",
        "clRetainCommandQueue", "clReleaseCommandQueue", "clGetCommandQueueInfo", "clSetCommandQueueProperty",
        "clCreateBuffer", "clCreateImage2D", "clCreateImage3D", "clRetainMemObject", "clReleaseMemObject",
        "clGetSupportedImageFormats", "clGetMemObjectInfo", "clGetImageInfo", "clCreateSampler", "clRetainSampler",
        "clReleaseSampler", "clGetSamplerInfo", "clCreateProgramWithSource", "clCreateProgramWithBinary",
        "clRetainProgram", "clReleaseProgram", "clBuildProgram", "clUnloadCompiler", "clGetProgramInfo",
        "clGetProgramBuildInfo", "clCreateKernel", "clCreateKernelsInProgram", "clRetainKernel", "clReleaseKernel",
        "clSetKernelArg", "clGetKernelInfo", "clGetKernelWorkGroupInfo", "clWaitForEvents", "clGetEventInfo",
        "clRetainEvent", "clReleaseEvent", "clGetEventProfilingInfo", "clFlush", "clFinish", "clEnqueueReadBuffer",
        "clEnqueueWriteBuffer", "clEnqueueCopyBuffer", "clEnqueueReadImage", "clEnqueueWriteImage",
        "clEnqueueCopyImage", "clEnqueueCopyImageToBuffer", "clEnqueueCopyBufferToImage", "clEnqueueMapBuffer",
        "clEnqueueMapImage", "clEnqueueUnmapMemObject", "clEnqueueNDRangeKernel",
    ]
}
