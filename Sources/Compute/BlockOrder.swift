internal import CKernels

/// Puts the elements of blocks into another order, as those who keep panels in a layout of their own want them.
public struct BlockOrder: Sendable {
    private let places: [UInt16]

    /// - Parameter places: For each element of a block of the result, where it is in the block that it comes from.
    public init(_ places: [Int]) {
        precondition(places.allSatisfy { places.indices.contains($0) }, "a place outside of its block")
        self.places = places.map { UInt16($0) }
    }

    /// Reorders all blocks. What the last one lacks stays as it was in the result.
    ///
    /// - Parameters:
    ///   - source: Whole elements.
    ///   - size: Bytes of an element: 1, 2 or 4.
    ///   - target: Room for whole blocks.
    public func apply(
        to source: UnsafeRawBufferPointer, elementSize size: Int, into target: UnsafeMutableRawBufferPointer
    ) {
        let count = source.count / size
        let blocks = (count + places.count - 1) / places.count
        precondition([1, 2, 4].contains(size) && count * size == source.count, "elements of \(size) bytes")
        precondition(target.count >= blocks * places.count * size, "no room for \(blocks) blocks")
        mynah_reorder(source.baseAddress, count, size, places, places.count, target.baseAddress)
    }
}
