/// Memory of a backend, in 32-bit floats.
///
/// `@unchecked Sendable`: the storage itself is a fixed address; who may touch the floats, and when, is decided by the
/// one engine loop that owns it, and inside a parallel region by the disjoint shares of the members.
public final class Storage: @unchecked Sendable {
    /// The floats in the host's memory, whether or not they are the newest: ``Matrix`` asks ``mirror`` first.
    public let host: UnsafeMutablePointer<Float>
    /// How many floats.
    public let count: Int
    /// The copy in a device's memory, once a backend of that device has used the storage.
    public private(set) var mirror: (any StorageMirror)?

    private let memory: ZeroedMemory

    /// Allocates zeroed floats on a cache-line boundary, with a line to spare so that vector loads at the end stay
    /// inside.
    ///
    /// Large storages come from the system as pages that hold memory only once they are written to.
    public init(count: Int) {
        self.count = count
        let floats = max(count, 1) + 32
        memory = ZeroedMemory(byteCount: floats * MemoryLayout<Float>.stride, mappedFrom: Self.mappedFrom)
        host = memory.start.bindMemory(to: Float.self, capacity: floats)
    }

    /// Small ones are made and gone too often for the system.
    private static let mappedFrom = 1 << 20

    /// Gives the storage its copy in a device's memory; for backends, from the thread that calls them.
    public func reflect(in mirror: any StorageMirror) { self.mirror = mirror }
}

/// The copy of a storage in a device's memory, which has the newest values except where the host was told to write.
///
/// Ranges count floats of the storage. See `docs/decisions/017-storage.md`.
public protocol StorageMirror: AnyObject, Sendable {
    /// Brings the newest values of a range to the host.
    func prepareToRead(_ range: Range<Int>)

    /// Lets the host write to a range until the device next uses the storage.
    ///
    /// - Parameter replacesAll: Whether every value will be replaced, so that none needs to be brought to the host.
    func prepareToWrite(_ range: Range<Int>, replacesAll: Bool)
}
