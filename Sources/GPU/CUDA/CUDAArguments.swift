/// The arguments of one launch as the driver takes them: a list of pointers to values, the driver knows how many and how
/// large. Used again for each launch.
///
/// `@unchecked Sendable`: belongs to the thread that calls the device.
final class CUDAArguments: @unchecked Sendable {
    /// A null pointer ends the list, which the driver does not ask for, but whoever checks the count can.
    let pointers: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private let values: UnsafeMutablePointer<UInt64>
    private var count = 0
    private static let limit = 63

    init() {
        values = .allocate(capacity: Self.limit)
        values.initialize(repeating: 0, count: Self.limit)
        pointers = .allocate(capacity: Self.limit + 1)
        pointers.initialize(repeating: nil, count: Self.limit + 1)
    }

    deinit {
        values.deallocate()
        pointers.deallocate()
    }

    func removeAll() {
        count = 0
        pointers[0] = nil
    }

    func append(
        _ argument: KernelArgument, addressOf own: (any DeviceBuffer) throws(DeviceError) -> CUDABuffer
    ) throws(DeviceError) {
        guard count < Self.limit else { throw .unsupported("more than \(Self.limit) arguments") }
        // Values of four bytes lie in the first four, as the machines of these drivers have the low bytes first.
        switch argument {
        case .buffer(let buffer):
            if let buffer { values[count] = try own(buffer).address } else { values[count] = 0 }
        case .int(let value):
            guard let word = UInt32(exactly: value) else { throw .unsupported("sizes beyond 32 bits") }
            values[count] = UInt64(word)
        case .float(let value): values[count] = UInt64(value.bitPattern)
        }
        pointers[count] = UnsafeMutableRawPointer(values + count)
        count += 1
        pointers[count] = nil
    }
}

/// Memory of the host through which copies to a device go: what is to be copied may change as soon as it is there.
///
/// `@unchecked Sendable`: belongs to the thread that calls the device.
final class CUDAStaging: @unchecked Sendable {
    private let context: CUDAContext
    private let base: UnsafeMutableRawPointer
    private var used = 0
    private static let byteCount = 1 << 20
    /// Larger copies go straight from where they are, and are waited for.
    private static let most = byteCount / 4

    /// The context must be the thread's.
    init(in context: CUDAContext) throws(DeviceError) {
        var base: UnsafeMutableRawPointer?
        let library = context.library
        try library.check(library.allocateHost(&base, Self.byteCount, 0), "cuMemHostAlloc", byteCount: Self.byteCount)
        guard let base else { throw .callFailed("cuMemHostAlloc", code: 0) }
        self.context = context
        self.base = base
    }

    deinit {
        guard (try? context.use()) != nil else { return }
        _ = context.library.freeHost(base)
    }

    /// The stream has been waited for.
    func isFree() { used = 0 }

    /// Copies bytes in the stream; they may change when this returns.
    func copy(_ bytes: UnsafeRawBufferPointer, to address: CUDALibrary.Address) throws(DeviceError) {
        guard let source = bytes.baseAddress else { return }
        let library = context.library
        guard bytes.count <= Self.most else {
            try library.check(
                library.copyToDevice(address, source, bytes.count, context.stream), "cuMemcpyHtoDAsync")
            try context.finish()
            used = 0
            return
        }
        if used + bytes.count > Self.byteCount {
            try context.finish()
            used = 0
        }
        let place = base + used
        place.copyMemory(from: source, byteCount: bytes.count)
        // The next one begins at a line of the cache.
        used = (used + bytes.count + 63) & ~63
        try library.check(library.copyToDevice(address, place, bytes.count, context.stream), "cuMemcpyHtoDAsync")
    }
}
