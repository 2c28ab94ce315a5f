/// A device behind an OpenCL driver: one context and one queue that works in order.
///
/// `@unchecked Sendable`: the programs and kernels built so far belong to the one thread that calls the device.
final class OpenCLDevice: Device, @unchecked Sendable {
    let information: DeviceInformation
    private let library: OpenCLLibrary
    private let handle: OpenCLLibrary.Handle
    private let context: OpenCLLibrary.Handle
    private let queue: OpenCLLibrary.Handle
    private var programs: [KernelProgram: OpenCLLibrary.Handle] = [:]
    private var kernels: [Kernel: OpenCLKernel] = [:]
    /// The launches that are being recorded; nil while launches start at once.
    private var recorded: [RecordedLaunches.Launch]?

    init(_ candidate: OpenCLDevices.Candidate, _ library: OpenCLLibrary) throws(DeviceError) {
        information = candidate.information
        handle = candidate.handle
        self.library = library
        var status: OpenCLLibrary.Status = 0
        var device: OpenCLLibrary.Handle? = candidate.handle
        guard let context = library.createContext(nil, 1, &device, nil, nil, &status) else {
            throw .callFailed("clCreateContext", code: Int(status))
        }
        guard let queue = library.createQueue(context, candidate.handle, 0, &status) else {
            _ = library.releaseContext(context)
            throw .callFailed("clCreateCommandQueue", code: Int(status))
        }
        self.context = context
        self.queue = queue
    }

    deinit {
        _ = library.finish(queue)
        kernels.removeAll()
        for program in programs.values { _ = library.releaseProgram(program) }
        _ = library.releaseQueue(queue)
        _ = library.releaseContext(context)
    }

    func allocate(byteCount: Int) throws(DeviceError) -> any DeviceBuffer {
        try refuseWhileRecording("memory is laid out")
        var status: OpenCLLibrary.Status = 0
        let readAndWrite: UInt64 = 1
        let buffer = library.createBuffer(context, readAndWrite, max(byteCount, 16), nil, &status)
        try OpenCLLibrary.check(status, "clCreateBuffer", byteCount: byteCount)
        guard let buffer else { throw .outOfMemory(byteCount: byteCount) }
        return OpenCLBuffer(handle: buffer, byteCount: byteCount, library: library)
    }

    func write(_ bytes: UnsafeRawBufferPointer, to buffer: any DeviceBuffer, at offset: Int) throws(DeviceError) {
        try refuseWhileRecording("a copy")
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        let target = try Self.own(buffer).handle
        try OpenCLLibrary.check(
            library.enqueueWrite(queue, target, 1, offset, bytes.count, base, 0, nil, nil), "clEnqueueWriteBuffer",
            byteCount: bytes.count)
    }

    func read(
        _ buffer: any DeviceBuffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer
    ) throws(DeviceError) {
        try refuseWhileRecording("a copy")
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        let source = try Self.own(buffer).handle
        try OpenCLLibrary.check(
            library.enqueueRead(queue, source, 1, offset, bytes.count, base, 0, nil, nil), "clEnqueueReadBuffer",
            byteCount: bytes.count)
    }

    func prepare(_ kernel: Kernel) throws(DeviceError) { _ = try built(kernel) }

    private func built(_ kernel: Kernel) throws(DeviceError) -> OpenCLKernel {
        if let built = kernels[kernel] { return built }
        var status: OpenCLLibrary.Status = 0
        let built = library.createKernel(try program(kernel.program), kernel.entry, &status)
        try OpenCLLibrary.check(status, "clCreateKernel(\(kernel.entry))")
        guard let built else { throw .callFailed("clCreateKernel(\(kernel.entry))", code: 0) }
        let result = OpenCLKernel(handle: built, library: library)
        let localMemory: UInt32 = 0x11b2
        var localBytes: UInt64 = 0
        try OpenCLLibrary.check(
            library.getGroupInfo(built, handle, localMemory, MemoryLayout<UInt64>.size, &localBytes, nil),
            "clGetKernelWorkGroupInfo")
        guard localBytes <= GroupLimits.localBytes, kernel.threads <= GroupLimits.threads else {
            throw .kernelTooLarge(kernel.entry, localBytes: Int(clamping: localBytes), threads: kernel.threads)
        }
        kernels[kernel] = result
        return result
    }

    func launch(
        _ kernel: Kernel, groups: (x: Int, y: Int), _ arguments: [KernelArgument]
    ) throws(DeviceError) {
        if recorded != nil {
            recorded?.append(RecordedLaunches.Launch(kernel: kernel, groups: groups, arguments: arguments))
            return
        }
        let handle = try built(kernel).handle
        for (index, argument) in arguments.enumerated() {
            try OpenCLLibrary.check(
                try set(argument, at: UInt32(index), of: handle), "clSetKernelArg(\(kernel.entry), \(index))")
        }
        let local = [kernel.threads, 1]
        let global = [groups.x * kernel.threads, groups.y]
        try OpenCLLibrary.check(
            library.enqueueKernel(queue, handle, 2, nil, global, local, 0, nil, nil),
            "clEnqueueNDRangeKernel(\(kernel.entry))")
    }

    func beginRecording() throws(DeviceError) {
        try refuseWhileRecording("a recording")
        recorded = []
    }

    func endRecording() throws(DeviceError) -> any DeviceRecording {
        defer { recorded = nil }
        return RecordedLaunches(recorded ?? [])
    }

    func replay(_ recording: any DeviceRecording) throws(DeviceError) {
        try refuseWhileRecording("a replay")
        guard let recording = recording as? RecordedLaunches else { throw .unsupported("recordings of another device") }
        for launch in recording.launches { try self.launch(launch.kernel, groups: launch.groups, launch.arguments) }
    }

    private func refuseWhileRecording(_ what: String) throws(DeviceError) {
        if recorded != nil { throw .notWhileRecording(what) }
    }

    func finish() throws(DeviceError) { try OpenCLLibrary.check(library.finish(queue), "clFinish") }

    private func set(
        _ argument: KernelArgument, at index: UInt32, of kernel: OpenCLLibrary.Handle
    ) throws(DeviceError) -> OpenCLLibrary.Status {
        switch argument {
        case .buffer(let buffer):
            guard let buffer else { return library.setArgument(kernel, index, MemoryLayout<Int>.size, nil) }
            var handle = try Self.own(buffer).handle
            return library.setArgument(kernel, index, MemoryLayout<Int>.size, &handle)
        case .int(let value):
            guard var word = UInt32(exactly: value) else { throw .unsupported("sizes beyond 32 bits") }
            return library.setArgument(kernel, index, MemoryLayout<UInt32>.size, &word)
        case .float(var value):
            return library.setArgument(kernel, index, MemoryLayout<Float>.size, &value)
        }
    }

    private func program(_ program: KernelProgram) throws(DeviceError) -> OpenCLLibrary.Handle {
        if let built = programs[program] { return built }
        var status: OpenCLLibrary.Status = 0
        let created = program.source.withCString { source in
            var source: UnsafePointer<CChar>? = source
            return library.createProgram(context, 1, &source, nil, &status)
        }
        try OpenCLLibrary.check(status, "clCreateProgramWithSource")
        guard let created else { throw .callFailed("clCreateProgramWithSource", code: 0) }
        var device: OpenCLLibrary.Handle? = handle
        status = library.buildProgram(created, 1, &device, "-cl-std=CL1.2 -cl-mad-enable", nil, nil)
        guard status == 0 else {
            let log = buildLog(created)
            _ = library.releaseProgram(created)
            throw .buildFailed(program: program.name, log: log)
        }
        programs[program] = created
        return created
    }

    private func buildLog(_ program: OpenCLLibrary.Handle) -> String {
        let log: UInt32 = 0x1183
        var count = 0
        guard library.getBuildInfo(program, handle, log, 0, nil, &count) == 0, count > 0 else { return "no words" }
        var bytes = [UInt8](repeating: 0, count: count)
        guard library.getBuildInfo(program, handle, log, count, &bytes, nil) == 0 else { return "no words" }
        return String(decoding: bytes.prefix { $0 != 0 }.prefix(2000), as: UTF8.self)
    }

    private static func own(_ buffer: any DeviceBuffer) throws(DeviceError) -> OpenCLBuffer {
        guard let own = buffer as? OpenCLBuffer else { throw .unsupported("buffers of another device") }
        return own
    }
}

/// `@unchecked Sendable`: a handle of the driver that never changes.
private final class OpenCLBuffer: DeviceBuffer, @unchecked Sendable {
    let handle: OpenCLLibrary.Handle
    let byteCount: Int
    private let library: OpenCLLibrary

    init(handle: OpenCLLibrary.Handle, byteCount: Int, library: OpenCLLibrary) {
        self.handle = handle
        self.byteCount = byteCount
        self.library = library
    }

    /// The driver keeps the memory until launches that use it are through.
    deinit { _ = library.releaseBuffer(handle) }
}

/// `@unchecked Sendable`: a handle of the driver that never changes; its arguments belong to the thread that launches.
private final class OpenCLKernel: @unchecked Sendable {
    let handle: OpenCLLibrary.Handle
    private let library: OpenCLLibrary

    init(handle: OpenCLLibrary.Handle, library: OpenCLLibrary) {
        self.handle = handle
        self.library = library
    }

    deinit { _ = library.releaseKernel(handle) }
}
