internal import Compute

/// The copy of a storage in a device's memory. The device has the newest values everywhere but in the ranges that the
/// host was let write to since.
///
/// `@unchecked Sendable`: whoever may touch the storage may touch its mirror, see `Storage`.
final class DeviceMirror: StorageMirror, @unchecked Sendable {
    var buffer: any DeviceBuffer { lease.buffer }
    /// Floats before the storage's first in that buffer: several storages may share it.
    let offset: Int
    private let lease: DeviceLease
    private let host: UnsafeMutablePointer<Float>
    private let memory: DeviceMemory
    /// Where the host has newer values; the ranges neither overlap nor touch.
    private var written: [Range<Int>]

    /// - Parameters:
    ///   - storage: Keeps this mirror alive, not the other way round.
    ///   - offset: Floats of the buffer that belong to others and lie before.
    ///   - memory: Copies.
    init(_ storage: Storage, _ lease: DeviceLease, at offset: Int = 0, memory: DeviceMemory) {
        self.lease = lease
        self.offset = offset
        self.memory = memory
        host = storage.host
        written = storage.count > 0 ? [0..<storage.count] : []
    }

    /// Whether this mirror belongs to that memory.
    func belongs(to other: DeviceMemory) -> Bool { memory === other }

    func prepareToRead(_ range: Range<Int>) {
        if range.isEmpty
            || written.contains(where: { $0.lowerBound <= range.lowerBound && range.upperBound <= $0.upperBound })
        {
            return
        }
        if written.contains(where: { $0.overlaps(range) }) { bringToDevice() }
        let bytes = UnsafeMutableRawBufferPointer(start: host + range.lowerBound, count: range.count * Self.stride)
        memory.read(buffer, at: (offset + range.lowerBound) * Self.stride, into: bytes)
    }

    func prepareToWrite(_ range: Range<Int>, replacesAll: Bool) {
        guard !range.isEmpty else { return }
        if !replacesAll { prepareToRead(range) }
        // What touches becomes one range, so that a matrix written row by row is copied at once.
        var merged = range
        written.removeAll { other in
            guard other.lowerBound <= merged.upperBound, merged.lowerBound <= other.upperBound else { return false }
            merged = min(merged.lowerBound, other.lowerBound)..<max(merged.upperBound, other.upperBound)
            return true
        }
        written.append(merged)
    }

    /// Whether the host has newer values anywhere.
    var isBehind: Bool { !written.isEmpty }

    /// Copies what the host has written since.
    func bringToDevice() {
        for range in written {
            let bytes = UnsafeRawBufferPointer(start: host + range.lowerBound, count: range.count * Self.stride)
            memory.write(bytes, to: buffer, at: (offset + range.lowerBound) * Self.stride)
        }
        written.removeAll(keepingCapacity: true)
    }

    private static let stride = MemoryLayout<Float>.stride
}
