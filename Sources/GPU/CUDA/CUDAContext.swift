internal import Synchronization

/// A device's primary context and the one stream in which everything happens. Lives as long as anything that was made in
/// it.
///
/// `@unchecked Sendable`: handles of the driver that never change, and which it lets any thread use.
final class CUDAContext: @unchecked Sendable {
    let library: CUDALibrary
    let stream: CUDALibrary.Handle
    private let handle: CUDALibrary.Handle
    private let ordinal: CUDALibrary.Ordinal
    private let leftovers = Mutex(Leftovers())

    /// Memory that nobody refers to any more.
    private struct Leftovers {
        /// While launches are recorded the driver lets nothing go.
        var isHeld = false
        var addresses: [CUDALibrary.Address] = []
    }

    init(_ ordinal: CUDALibrary.Ordinal, _ library: CUDALibrary) throws(DeviceError) {
        var handle: CUDALibrary.Handle?
        try library.check(library.retainContext(&handle, ordinal), "cuDevicePrimaryCtxRetain")
        guard let handle else { throw .callFailed("cuDevicePrimaryCtxRetain", code: 0) }
        let stream: CUDALibrary.Handle
        do { stream = try Self.makeStream(in: handle, library) } catch {
            _ = library.releaseContext(ordinal)
            throw error
        }
        self.library = library
        self.handle = handle
        self.ordinal = ordinal
        self.stream = stream
    }

    private static func makeStream(
        in context: CUDALibrary.Handle, _ library: CUDALibrary
    ) throws(DeviceError) -> CUDALibrary.Handle {
        try library.check(library.setCurrent(context), "cuCtxSetCurrent")
        var stream: CUDALibrary.Handle?
        let besideTheDefault: UInt32 = 1
        try library.check(library.createStream(&stream, besideTheDefault), "cuStreamCreate")
        guard let stream else { throw .callFailed("cuStreamCreate", code: 0) }
        return stream
    }

    deinit {
        _ = library.setCurrent(handle)
        _ = library.destroyStream(stream)
        _ = library.setCurrent(nil)
        _ = library.releaseContext(ordinal)
    }

    /// Makes the context that of the calling thread: each thread has its own.
    func use() throws(DeviceError) { try library.check(library.setCurrent(handle), "cuCtxSetCurrent") }

    /// Waits for everything in the stream.
    func finish() throws(DeviceError) { try library.check(library.synchronize(stream), "cuStreamSynchronize") }

    /// Keeps memory that is given back until ``letGo()``.
    func hold() { leftovers.withLock { $0.isHeld = true } }

    /// Frees what was kept since ``hold()``.
    func letGo() {
        let addresses = leftovers.withLock { leftovers in
            defer { leftovers = Leftovers() }
            return leftovers.addresses
        }
        for address in addresses { _ = library.free(address) }
    }

    /// Frees memory; the driver waits for launches that use it. Any thread may call this.
    func free(_ address: CUDALibrary.Address) {
        let isHeld = leftovers.withLock {
            if $0.isHeld { $0.addresses.append(address) }
            return $0.isHeld
        }
        guard !isHeld else { return }
        _ = library.setCurrent(handle)
        _ = library.free(address)
    }
}

/// Memory of a device behind the CUDA driver.
final class CUDABuffer: DeviceBuffer {
    let address: CUDALibrary.Address
    let byteCount: Int
    let context: CUDAContext

    init(_ address: CUDALibrary.Address, byteCount: Int, in context: CUDAContext) {
        self.address = address
        self.byteCount = byteCount
        self.context = context
    }

    deinit { context.free(address) }
}
