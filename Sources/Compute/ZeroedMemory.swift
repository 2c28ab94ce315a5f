#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Zeroed memory on a cache line.
///
/// Mapped memory holds pages only once they are written to, and gives them back at once when it goes; a heap keeps them
/// as long as something small lies behind them, and clears by writing what was used before.
///
/// `@unchecked Sendable`: an address that never changes; the owner decides who writes.
final class ZeroedMemory: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    private let allocation: UnsafeMutableRawPointer
    /// Bytes mapped; 0 where the allocation came from the heap.
    private let mappedBytes: Int

    /// - Parameter mappedFrom: From how many bytes on the memory comes straight from the system. Where that refuses, as it
    ///   does from a number of mappings on, the heap is asked.
    init(byteCount: Int, mappedFrom: Int) {
        if byteCount >= mappedFrom,
            let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            mapped != MAP_FAILED
        {
            allocation = mapped
            start = mapped
            mappedBytes = byteCount
            return
        }
        let line = 64
        guard let heap = calloc(byteCount + line, 1) else {
            preconditionFailure("the system refused \(byteCount) bytes")
        }
        allocation = heap
        start = heap.alignedUp(toMultipleOf: line)
        mappedBytes = 0
    }

    deinit {
        if mappedBytes > 0 { munmap(allocation, mappedBytes) } else { free(allocation) }
    }
}
