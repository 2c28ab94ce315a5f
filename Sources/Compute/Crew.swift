internal import CKernels
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What the members of a ``WorkerTeam`` share: who is called, what for, and who has finished.
///
/// Member 0 is the caller. The others are threads of the team that serve until its end; or, in the crew of a team beside
/// another, threads that come to help when they have nothing else to do.
///
/// `@unchecked Sendable`: all mutable state is atomic, or belongs to the caller, who writes it before the atomic that
/// publishes it. `region`, `enter` and `members` are written before a member's `calls` is advanced with release ordering
/// and read after the advance was seen; `lent` likewise. They change again only after all called have finished. `isBeside`
/// is written by the caller of the main team while the other chain does not run. `mutex` and `condition` are initialised
/// once and never moved.
final class Crew: @unchecked Sendable {
    typealias Enter = (_ region: UnsafeRawPointer, _ member: Member) -> Void

    /// A member that runs another chain of steps as that crew's caller.
    private struct Lent {
        let crew: Crew
        let region: UnsafeRawPointer
        let enter: Enter
    }

    private let count: Int
    private var region: UnsafeRawPointer?
    private var enter: Enter?
    /// How many take part in the region.
    private var members = 1
    private var lent: Lent?
    private var attendance = Attendance()
    /// Whether a chain of steps runs beside those of the main team; for the crew of a team beside another.
    private(set) var isBeside = false
    /// How often each member was called; a cache line each.
    private let calls: UnsafeMutablePointer<Atomic<Int>>
    private let unfinished = Atomic<Int>(0)
    private let parked = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)
    private let arrived = Atomic<Int>(0)
    private let phase = Atomic<Int>(0)
    /// Whether the last member is with another crew.
    private let isLent = Atomic<Bool>(false)
    /// How many have come to help.
    private let helpers = Atomic<Int>(0)
    /// Whether the chain that is helped is over.
    private let isOver = Atomic<Bool>(false)
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Counters between those of two members.
    private static let spacing = 8
    /// How often a member looks for work before it parks: some tens of microseconds.
    private static let spins = 20_000
    private static let turnsBeforeYield = 1024
    /// Turns of the spin loop from which on a wait is measured: some microseconds are only the difference between two
    /// shares of a step. Before the first turn that gives way to other programs, which take their time.
    private static let longWait = turnsBeforeYield / 2

    init(count: Int) {
        self.count = count
        calls = .allocate(capacity: count * Self.spacing)
        for index in 0..<count * Self.spacing { (calls + index).initialize(to: Atomic(0)) }
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        calls.deinitialize(count: count * Self.spacing)
        calls.deallocate()
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    // MARK: The caller

    /// How many could take part in a region now, the caller included.
    func presentMembers() -> Int {
        if attendance.isResting { attendance.update(at: Self.now()) }
        if count == 1 || attendance.isResting { return 1 }
        if isBeside { return 1 + helpers.load(ordering: .acquiring) }
        return isLent.load(ordering: .acquiring) ? count - 1 : count
    }

    /// Calls the first `members` to a region.
    func open(_ region: UnsafeRawPointer, _ enter: @escaping Enter, members: Int) {
        self.region = region
        self.enter = enter
        self.members = members
        unfinished.store(members - 1, ordering: .relaxed)
        for member in 1..<members { call(member) }
        wakeParked()
    }

    func finishAndWait() {
        callerWaits { unfinished.load(ordering: .acquiring) == 0 }
        region = nil
        enter = nil
    }

    /// Lets the last member run a region as the caller of another crew. All members must be present.
    func lendMember(to crew: Crew, _ region: UnsafeRawPointer, _ enter: @escaping Enter) {
        crew.beginBeside()
        lent = Lent(crew: crew, region: region, enter: enter)
        isLent.store(true, ordering: .relaxed)
        call(count - 1)
        wakeParked()
    }

    func stop() {
        stopping.store(true, ordering: .releasing)
        for member in 1..<max(1, count) { call(member) }
        wakeParked()
    }

    private func call(_ member: Int) {
        calls[member * Self.spacing].add(1, ordering: .sequentiallyConsistent)
    }

    private func wakeParked() {
        guard parked.load(ordering: .sequentiallyConsistent) > 0 else { return }
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Waits, and remembers how long where it was long.
    private func callerWaits(_ isOver: () -> Bool) {
        var spin = 0
        var began: Attendance.Time = 0
        while !isOver() {
            Self.pause(&spin)
            if spin == Self.longWait { began = Self.now() }
        }
        if spin >= Self.longWait { attendance.note(waitFrom: began, to: Self.now()) }
    }

    // MARK: All members

    /// Waits until all that take part in the region have come here.
    func meet(member: Int) {
        let current = phase.load(ordering: .acquiring)
        if arrived.add(1, ordering: .acquiringAndReleasing).newValue == members {
            arrived.store(0, ordering: .relaxed)
            phase.add(1, ordering: .releasing)
            return
        }
        if member == 0 {
            callerWaits { phase.load(ordering: .acquiring) != current }
        } else {
            var spin = 0
            while phase.load(ordering: .acquiring) == current { Self.pause(&spin) }
        }
    }

    /// The life of a team's thread.
    func serve(member: Int) {
        var seen = 0
        while true {
            waitForCall(member, after: seen)
            seen += 1
            if stopping.load(ordering: .acquiring) { return }
            if member == count - 1, let lent {
                self.lent = nil
                lent.enter(lent.region, Member(index: 0, count: 1, crew: lent.crew))
                isLent.store(false, ordering: .releasing)
                lent.crew.isOver.store(true, ordering: .releasing)
            } else {
                takePart(member)
            }
        }
    }

    private func takePart(_ member: Int) {
        if let region, let enter { enter(region, Member(index: member, count: members, crew: self)) }
        unfinished.subtract(1, ordering: .releasing)
    }

    private func waitForCall(_ member: Int, after seen: Int) {
        let index = member * Self.spacing
        for spin in 0..<Self.spins {
            if calls[index].load(ordering: .acquiring) > seen { return }
            if spin % 512 == 511 { sched_yield() }
            mynah_cpu_relax()
        }
        pthread_mutex_lock(mutex)
        parked.add(1, ordering: .sequentiallyConsistent)
        while calls[index].load(ordering: .sequentiallyConsistent) <= seen { pthread_cond_wait(condition, mutex) }
        parked.subtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
    }

    // MARK: A chain of steps beside another's

    private func beginBeside() {
        isBeside = true
        for member in 0..<count { calls[member * Self.spacing].store(0, ordering: .relaxed) }
        helpers.store(0, ordering: .relaxed)
        isOver.store(false, ordering: .relaxed)
    }

    func endBeside() { isBeside = false }

    /// Takes part in every region from now on until the chain is over.
    func help() {
        let member = helpers.add(1, ordering: .acquiringAndReleasing).newValue
        var seen = 0
        var spin = 0
        while !isOver.load(ordering: .acquiring) {
            if calls[member * Self.spacing].load(ordering: .acquiring) > seen {
                seen += 1
                spin = 0
                takePart(member)
            } else {
                Self.pause(&spin)
            }
        }
    }

    // MARK: Time

    private static func now() -> Attendance.Time {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Attendance.Time(time.tv_sec) * 1_000_000_000 + Attendance.Time(time.tv_nsec)
    }

    /// One turn of a spin loop: a hint to the core, and now and then to the scheduler, since another process may hold
    /// the core that the awaited member needs.
    private static func pause(_ spin: inout Int) {
        spin &+= 1
        if spin % turnsBeforeYield == 0 { sched_yield() }
        mynah_cpu_relax()
    }
}
