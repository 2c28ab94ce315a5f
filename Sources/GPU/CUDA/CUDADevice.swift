/// A device behind the CUDA driver: its primary context and one stream.
///
/// `@unchecked Sendable`: kernels, arguments and staging memory belong to the one thread that calls the device; the
/// context is made that thread's with every call, since it need not be the same one every time.
final class CUDADevice: Device, @unchecked Sendable {
    let information: DeviceInformation
    private let library: CUDALibrary
    private let context: CUDAContext
    private let module: PTXModule
    private var loaded: CUDALibrary.Handle?
    private var kernels: [Kernel: CUDALibrary.Handle] = [:]
    private let arguments = CUDAArguments()
    private let staging: CUDAStaging
    /// The launches that are being recorded; nil while launches start at once.
    private var recorded: (launchCount: Int, buffers: [CUDABuffer])?

    init(
        _ candidate: CUDADevices.Candidate, _ module: PTXModule, _ library: CUDALibrary
    ) throws(DeviceError) {
        information = candidate.information
        self.library = library
        self.module = module
        context = try CUDAContext(candidate.ordinal, library)
        staging = try CUDAStaging(in: context)
    }

    deinit {
        guard (try? context.use()) != nil else { return }
        if recorded != nil { abandonCapture() }
        try? context.finish()
        if let loaded { _ = library.unloadModule(loaded) }
    }

    func freeMemoryBytes() throws(DeviceError) -> Int? {
        try context.use()
        var (free, total) = (0, 0)
        try library.check(library.getFreeMemory(&free, &total), "cuMemGetInfo")
        return free
    }

    func allocate(byteCount: Int) throws(DeviceError) -> any DeviceBuffer {
        try refuseWhileRecording("memory is laid out")
        try context.use()
        var address: CUDALibrary.Address = 0
        try library.check(library.allocate(&address, max(byteCount, 16)), "cuMemAlloc", byteCount: byteCount)
        return CUDABuffer(address, byteCount: byteCount, in: context)
    }

    func write(_ bytes: UnsafeRawBufferPointer, to buffer: any DeviceBuffer, at offset: Int) throws(DeviceError) {
        try refuseWhileRecording("a copy")
        guard !bytes.isEmpty else { return }
        let target = try place(offset, bytes.count, in: buffer)
        try context.use()
        try staging.copy(bytes, to: target)
    }

    func read(
        _ buffer: any DeviceBuffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer
    ) throws(DeviceError) {
        try refuseWhileRecording("a copy")
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        let source = try place(offset, bytes.count, in: buffer)
        try context.use()
        try library.check(library.copyToHost(base, source, bytes.count, context.stream), "cuMemcpyDtoHAsync")
        try finish()
    }

    func finish() throws(DeviceError) {
        try refuseWhileRecording("a wait")
        try context.use()
        try context.finish()
        staging.isFree()
    }

    func prepare(_ kernel: Kernel) throws(DeviceError) { _ = try built(kernel) }

    func launch(
        _ kernel: Kernel, groups: (x: Int, y: Int), _ arguments: [KernelArgument]
    ) throws(DeviceError) {
        let function = try built(kernel)
        guard let x = UInt32(exactly: groups.x), let y = UInt32(exactly: groups.y) else {
            throw .unsupported("sizes beyond 32 bits")
        }
        self.arguments.removeAll()
        for argument in arguments {
            if case .buffer(let buffer?) = argument, recorded != nil { recorded?.buffers.append(try own(buffer)) }
            try self.arguments.append(argument, addressOf: own)
        }
        try context.use()
        try library.check(
            library.launch(
                function, x, y, 1, UInt32(kernel.threads), 1, 1, 0, context.stream, self.arguments.pointers, nil),
            "cuLaunchKernel(\(kernel.entry))")
        recorded?.launchCount += 1
    }

    func beginRecording() throws(DeviceError) {
        try refuseWhileRecording("a recording")
        // The driver lets nothing be loaded meanwhile.
        for kernel in Kernel.all { try prepare(kernel) }
        try context.use()
        let threadLocal: Int32 = 1
        try library.check(library.beginCapture(context.stream, threadLocal), "cuStreamBeginCapture")
        context.hold()
        recorded = (0, [])
    }

    func endRecording() throws(DeviceError) -> any DeviceRecording {
        guard let recorded else { throw .unsupported("the end of a recording that was not begun") }
        defer {
            self.recorded = nil
            context.letGo()
        }
        try context.use()
        var captured: CUDALibrary.Handle?
        try library.check(library.endCapture(context.stream, &captured), "cuStreamEndCapture")
        guard let captured else { throw .callFailed("cuStreamEndCapture", code: 0) }
        return try CUDARecording(
            captured, launchCount: recorded.launchCount, buffers: recorded.buffers, in: context)
    }

    func replay(_ recording: any DeviceRecording) throws(DeviceError) {
        try refuseWhileRecording("a replay")
        guard let recording = recording as? CUDARecording, recording.context === context else {
            throw .unsupported("recordings of another device")
        }
        try context.use()
        try recording.start()
    }

    private func abandonCapture() {
        var captured: CUDALibrary.Handle?
        if library.endCapture(context.stream, &captured) == 0, let captured { _ = library.destroyGraph(captured) }
        recorded = nil
        context.letGo()
    }

    private func refuseWhileRecording(_ what: String) throws(DeviceError) {
        if recorded != nil { throw .notWhileRecording(what) }
    }

    private func own(_ buffer: any DeviceBuffer) throws(DeviceError) -> CUDABuffer {
        guard let own = buffer as? CUDABuffer, own.context === context else {
            throw .unsupported("buffers of another device")
        }
        return own
    }

    /// The address of bytes of a buffer. The driver knows no ends of buffers.
    private func place(
        _ offset: Int, _ byteCount: Int, in buffer: any DeviceBuffer
    ) throws(DeviceError) -> CUDALibrary.Address {
        let buffer = try own(buffer)
        guard offset >= 0, byteCount <= buffer.byteCount - offset else {
            throw .unsupported("a copy beyond the end of a buffer")
        }
        return buffer.address + UInt64(offset)
    }
}

// Kernels out of the module.
extension CUDADevice {
    private enum FunctionAttribute {
        static let mostThreads: Int32 = 0
        static let sharedBytes: Int32 = 1
    }

    private func built(_ kernel: Kernel) throws(DeviceError) -> CUDALibrary.Handle {
        if let known = kernels[kernel] { return known }
        try refuseWhileRecording("a kernel is built")
        try context.use()
        var function: CUDALibrary.Handle?
        try library.check(
            library.getFunction(&function, try loadedModule(), kernel.entry), "cuModuleGetFunction(\(kernel.entry))")
        guard let function else { throw .callFailed("cuModuleGetFunction(\(kernel.entry))", code: 0) }
        var (threads, bytes): (Int32, Int32) = (0, 0)
        try library.check(
            library.getFunctionAttribute(&threads, FunctionAttribute.mostThreads, function), "cuFuncGetAttribute")
        try library.check(
            library.getFunctionAttribute(&bytes, FunctionAttribute.sharedBytes, function), "cuFuncGetAttribute")
        guard bytes <= GroupLimits.localBytes, kernel.threads <= min(GroupLimits.threads, Int(threads)) else {
            throw .kernelTooLarge(kernel.entry, localBytes: Int(bytes), threads: kernel.threads)
        }
        kernels[kernel] = function
        return function
    }

    private enum Option {
        static let errorLog: Int32 = 5
        static let errorLogSize: Int32 = 6
    }

    private func loadedModule() throws(DeviceError) -> CUDALibrary.Handle {
        if let loaded { return loaded }
        var module: CUDALibrary.Handle?
        var log = [CChar](repeating: 0, count: 8 << 10)
        let status = log.withUnsafeMutableBytes { log in
            // A value of an option is a pointer, or a number in its place.
            var values = [log.baseAddress, UnsafeMutableRawPointer(bitPattern: log.count)]
            return library.loadModule(
                &module, self.module.text, 2, [Option.errorLog, Option.errorLogSize], &values)
        }
        if status != 0, log[0] != 0 {
            let words = log.prefix { $0 != 0 }.prefix(2000).map(UInt8.init(bitPattern:))
            throw .buildFailed(program: "all steps", log: String(decoding: words, as: UTF8.self))
        }
        try library.check(status, "cuModuleLoadDataEx")
        guard let module else { throw .callFailed("cuModuleLoadDataEx", code: 0) }
        loaded = module
        return module
    }
}
