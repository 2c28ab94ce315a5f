#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Memory for packed panels, straight from the system: large weights that go give their pages back at once, while a heap
/// keeps them as long as something small lies behind them.
///
/// `@unchecked Sendable`: an address that never changes; the owner decides who writes.
final class PanelMemory: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    private let byteCount: Int
    private let isMapped: Bool

    /// Zeroed memory on a page boundary.
    init(byteCount: Int) {
        self.byteCount = byteCount
        let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        if let mapped, mapped != MAP_FAILED {
            start = mapped
            isMapped = true
        } else {
            // The system limits the number of mappings; the heap has its own way to fail.
            start = .allocate(byteCount: byteCount, alignment: 64)
            isMapped = false
        }
    }

    deinit {
        if isMapped { munmap(start, byteCount) } else { start.deallocate() }
    }
}
