internal import CKernels
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A fixed team of threads that runs one parallel region at a time.
///
/// A patch of VoxCPM-1.5 has several hundred parallel regions, so entering one must cost about a microsecond: members
/// spin for a short while and only then park on a condition variable. A parked team costs no CPU. The caller of
/// ``run(_:)`` is member 0, so a team of one has no threads at all. While other programs hold the members' cores the
/// caller works alone, see ``Attendance``.
///
/// Only one thread may call ``run(_:)`` at a time: a team belongs to one engine loop.
public final class WorkerTeam: Sendable {
    /// Members, the caller included.
    public let count: Int
    private let shared: Shared
    private let threads: [pthread_t]

    /// Starts `count - 1` threads that wait for work.
    ///
    /// - Parameter count: Members of the team, at least 1. More than the machine has physical cores never helps.
    public init(count: Int) {
        self.count = max(1, count)
        let shared = Shared(count: self.count)
        self.shared = shared
        var started: [pthread_t] = []
        for member in 1..<max(1, self.count) {
            let start = Unmanaged.passRetained(Start(shared: shared, member: member))
            var thread = pthread_t()
            let status = pthread_create(&thread, nil, { WorkerTeam.threadMain($0) }, start.toOpaque())
            // A member that cannot be started would leave every region waiting for it.
            precondition(status == 0, "the system refused a worker thread (error \(status))")
            started.append(thread)
        }
        threads = started
    }

    deinit {
        shared.stop()
        for thread in threads { pthread_join(thread, nil) }
    }

    /// Runs `body` once on every member, in parallel, and returns when all have finished.
    ///
    /// - Parameter body: Called with each member that takes part.
    public func run(_ body: (Member) -> Void) {
        withoutActuallyEscaping(body) { escapable in
            run(with: escapable) { body, member in body(member) }
        }
    }

    /// Runs `body` as ``run(_:)`` does, but allocates nothing: the patch loop enters hundreds of regions for a patch.
    ///
    /// - Parameters:
    ///   - context: What the region works on.
    ///   - body: Must capture nothing; everything reaches it in the context.
    public func run<Context>(with context: Context, _ body: @escaping (_ context: Context, _ member: Member) -> Void) {
        guard !shared.callerIsAlone() else {
            body(context, Member(index: 0, count: 1, shared: shared))
            return
        }
        withUnsafePointer(to: Region(context: context, body: body)) { region in
            shared.open(UnsafeRawPointer(region), Region<Context>.enter)
            body(context, Member(index: 0, count: count, shared: shared))
            shared.finishAndWait()
        }
    }

    /// A region as the members find it, on the caller's stack.
    private struct Region<Context> {
        let context: Context
        let body: (Context, Member) -> Void

        static func enter(_ region: UnsafeRawPointer, member: Member) {
            let region = region.assumingMemoryBound(to: Region<Context>.self)
            region.pointee.body(region.pointee.context, member)
        }
    }

    /// Splits `0 ..< total` into contiguous shares of whole `unit`s and runs `body` on each member's share.
    ///
    /// - Parameters:
    ///   - total: How many items there are.
    ///   - unit: Items that must stay together (a share is a multiple of it, but for the last).
    ///   - body: Called with a non-empty range.
    public func split(_ total: Int, unit: Int = 1, _ body: (Range<Int>) -> Void) {
        withoutActuallyEscaping(body) { escapable in
            split(total, unit: unit, with: escapable) { body, range in body(range) }
        }
    }

    /// Splits as ``split(_:unit:_:)`` does, but allocates nothing.
    ///
    /// - Parameters:
    ///   - context: What the region works on.
    ///   - body: Must capture nothing; everything reaches it in the context.
    public func split<Context>(
        _ total: Int, unit: Int = 1, with context: Context,
        _ body: @escaping (_ context: Context, _ range: Range<Int>) -> Void
    ) {
        guard total > 0 else { return }
        if count == 1 || total <= unit {
            body(context, 0..<total)
            return
        }
        run(with: Share(context: context, total: total, unit: unit, body: body)) { share, member in
            let range = member.share(of: share.total, unit: share.unit)
            if !range.isEmpty { share.body(share.context, range) }
        }
    }

    /// What the members of a split region share.
    private struct Share<Context> {
        let context: Context
        let total: Int
        let unit: Int
        let body: (Context, Range<Int>) -> Void
    }

    private static func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        start.shared.serve(member: start.member)
        return nil
    }

    private final class Start: Sendable {
        let shared: Shared
        let member: Int

        init(shared: Shared, member: Int) {
            self.shared = shared
            self.member = member
        }
    }
}

/// One of those that run a parallel region; of no use outside of it.
///
/// It would be noncopyable if the optimiser of Swift 6.3 did not fail on noncopyable arguments of generic regions.
public struct Member {
    /// Which one, `0 ..< count`.
    public let index: Int
    /// How many take part: all of the team, or the caller alone.
    public let count: Int
    fileprivate let shared: WorkerTeam.Shared

    /// Waits until every member has arrived: separates the phases of a region. All of them must come.
    public func meetOthers() { if count > 1 { shared.meet(member: index) } }

    /// This member's share of `0 ..< total`: contiguous, a multiple of `unit` but for the end, perhaps empty.
    public func share(of total: Int, unit: Int) -> Range<Int> {
        Self.share(of: total, unit: unit, member: index, count: count)
    }

    static func share(of total: Int, unit: Int, member: Int, count: Int) -> Range<Int> {
        let units = (total + unit - 1) / unit
        let first = units * member / count
        let last = units * (member + 1) / count
        return min(total, first * unit)..<min(total, last * unit)
    }
}

extension WorkerTeam {
    /// What the members share. All mutable state is atomic, or written before the atomic that publishes it.
    ///
    /// `@unchecked Sendable`: `region` and `enter` are written by the caller before `opened` is advanced with release ordering, and
    /// read by members after they saw the advance with acquire ordering; it is cleared after all have finished.
    /// `mutex` and `condition` are initialised once and never moved; `attendance` belongs to the caller.
    fileprivate final class Shared: @unchecked Sendable {
        private let count: Int
        private var region: UnsafeRawPointer?
        private var enter: Enter?
        private var attendance = Attendance()
        private let opened = Atomic<Int>(0)
        private let unfinished = Atomic<Int>(0)
        private let parked = Atomic<Int>(0)
        private let stopping = Atomic<Bool>(false)
        private let arrived = Atomic<Int>(0)
        private let phase = Atomic<Int>(0)
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        /// How often a member looks for work before it parks: some tens of microseconds.
        private static let spins = 20_000
        /// Turns of the spin loop from which on a wait is measured: some microseconds are only the difference between two
        /// shares of a step. Before the first turn that gives way to other programs, which take their time.
        private static let longWait = WorkerTeam.turnsBeforeYield / 2

        init(count: Int) {
            self.count = count
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(condition, nil)
        }

        deinit {
            pthread_cond_destroy(condition)
            pthread_mutex_destroy(mutex)
            condition.deallocate()
            mutex.deallocate()
        }

        typealias Enter = (_ region: UnsafeRawPointer, _ member: Member) -> Void

        func callerIsAlone() -> Bool {
            if attendance.isResting { attendance.update(at: WorkerTeam.now()) }
            return count == 1 || attendance.isResting
        }

        func open(_ region: UnsafeRawPointer, _ enter: @escaping Enter) {
            self.region = region
            self.enter = enter
            unfinished.store(count - 1, ordering: .relaxed)
            advance()
        }

        func stop() {
            stopping.store(true, ordering: .releasing)
            advance()
        }

        private func advance() {
            opened.add(1, ordering: .sequentiallyConsistent)
            if parked.load(ordering: .sequentiallyConsistent) > 0 {
                pthread_mutex_lock(mutex)
                pthread_cond_broadcast(condition)
                pthread_mutex_unlock(mutex)
            }
        }

        func finishAndWait() {
            callerWaits { unfinished.load(ordering: .acquiring) == 0 }
            region = nil
            enter = nil
        }

        /// Waits, and remembers how long where it was long.
        private func callerWaits(_ isOver: () -> Bool) {
            var spin = 0
            var began: Attendance.Time = 0
            while !isOver() {
                WorkerTeam.pause(&spin)
                if spin == Self.longWait { began = WorkerTeam.now() }
            }
            if spin >= Self.longWait { attendance.note(waitFrom: began, to: WorkerTeam.now()) }
        }

        func meet(member: Int) {
            let current = phase.load(ordering: .acquiring)
            if arrived.add(1, ordering: .acquiringAndReleasing).newValue == count {
                arrived.store(0, ordering: .relaxed)
                phase.add(1, ordering: .releasing)
                return
            }
            if member == 0 {
                callerWaits { phase.load(ordering: .acquiring) != current }
            } else {
                var spin = 0
                while phase.load(ordering: .acquiring) == current { WorkerTeam.pause(&spin) }
            }
        }

        func serve(member: Int) {
            var seen = 0
            while true {
                waitForRegion(after: seen)
                seen += 1
                if stopping.load(ordering: .acquiring) { return }
                if let region, let enter { enter(region, Member(index: member, count: count, shared: self)) }
                unfinished.subtract(1, ordering: .releasing)
            }
        }

        private func waitForRegion(after seen: Int) {
            for spin in 0..<Self.spins {
                if opened.load(ordering: .acquiring) > seen { return }
                if spin % 512 == 511 { sched_yield() }
                _spinHint()
            }
            pthread_mutex_lock(mutex)
            parked.add(1, ordering: .sequentiallyConsistent)
            while opened.load(ordering: .sequentiallyConsistent) <= seen { pthread_cond_wait(condition, mutex) }
            parked.subtract(1, ordering: .sequentiallyConsistent)
            pthread_mutex_unlock(mutex)
        }
    }

    fileprivate static func now() -> Attendance.Time {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Attendance.Time(time.tv_sec) * 1_000_000_000 + Attendance.Time(time.tv_nsec)
    }

    fileprivate static let turnsBeforeYield = 1024

    /// One turn of a spin loop: a hint to the core, and now and then to the scheduler, since another process may hold
    /// the core that the awaited member needs.
    fileprivate static func pause(_ spin: inout Int) {
        spin &+= 1
        if spin % turnsBeforeYield == 0 { sched_yield() }
        _spinHint()
    }
}

@inline(__always)
private func _spinHint() { mynah_cpu_relax() }
