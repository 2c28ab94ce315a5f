/// What is known of a device before it is used.
public struct DeviceInformation: Sendable, Equatable {
    /// What it is asked for by, such as `opencl:0`.
    public let id: String
    /// The maker's name for it.
    public let name: String
    /// The driver's name and version.
    public let driver: String
    /// Bytes of its memory.
    public let memoryBytes: Int
    /// Whether it is the processor itself.
    public let isProcessor: Bool
    /// Whether it has tensor cores that the kernels reach.
    public let hasTensorCores: Bool

    public init(
        id: String, name: String, driver: String, memoryBytes: Int, isProcessor: Bool, hasTensorCores: Bool = false
    ) {
        self.hasTensorCores = hasTensorCores
        self.id = id
        self.name = name
        self.driver = driver
        self.memoryBytes = memoryBytes
        self.isProcessor = isProcessor
    }
}

/// Memory of a device; given back when the last reference goes.
public protocol DeviceBuffer: AnyObject, Sendable {
    var byteCount: Int { get }
}

/// What a kernel is given.
public enum KernelArgument: Sendable {
    /// An address; null where nil.
    case buffer((any DeviceBuffer)?)
    case int(Int)
    case float(Float)
}

/// A device that computes, behind whatever driver: memory, copies, kernels, launches.
///
/// Everything happens in the order of the calls. One thread at a time calls a device.
public protocol Device: AnyObject, Sendable {
    var information: DeviceInformation { get }

    /// Bytes of its memory that nobody uses; nil where the driver does not tell.
    func freeMemoryBytes() throws(DeviceError) -> Int?

    /// Lays out memory; what is in it is not known.
    func allocate(byteCount: Int) throws(DeviceError) -> any DeviceBuffer

    /// Copies bytes into a buffer, from `offset` on. The bytes may be changed when this returns.
    func write(_ bytes: UnsafeRawBufferPointer, to buffer: any DeviceBuffer, at offset: Int) throws(DeviceError)

    /// Waits for all launches so far, and copies bytes out of a buffer, from `offset` on.
    func read(_ buffer: any DeviceBuffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer)
        throws(DeviceError)

    /// Builds a kernel unless that was done before, so that its first launch does not take long.
    func prepare(_ kernel: Kernel) throws(DeviceError)

    /// Starts a kernel; does not wait for it.
    ///
    /// - Parameter groups: Groups of ``Kernel/threads`` threads, in x and y.
    func launch(_ kernel: Kernel, groups: (x: Int, y: Int), _ arguments: [KernelArgument]) throws(DeviceError)

    /// Waits for all launches so far.
    func finish() throws(DeviceError)

    /// From here on launches are kept and not started, until ``endRecording()``. Nothing is laid out, copied or built
    /// meanwhile: what a recorded launch needs must be there before.
    func beginRecording() throws(DeviceError)

    /// Ends what ``beginRecording()`` began.
    ///
    /// - Returns: The launches in between, with the buffers that they were given.
    func endRecording() throws(DeviceError) -> any DeviceRecording

    /// Starts all launches of a recording, in their order; does not wait for them.
    func replay(_ recording: any DeviceRecording) throws(DeviceError)
}

extension Device {
    public func freeMemoryBytes() throws(DeviceError) -> Int? { nil }
}

/// Launches that a device has kept, to start them all at once as often as is wished.
///
/// Arguments are kept as they were: what differs from one start to the next must be read from the device's memory.
public protocol DeviceRecording: AnyObject, Sendable {
    var launchCount: Int { get }
}

/// What kernels may take of a group: what devices of all makers give. Enforced here, since some drivers give more.
enum GroupLimits {
    static let threads = 256
    static let localBytes = 48 << 10
}
