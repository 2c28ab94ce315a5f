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
/// Two chains of steps that need nothing of each other run at the same time, each with a part of the threads:
/// ``run(with:_:beside:_:)``.
///
/// Only one thread may call ``run(_:)`` at a time: a team belongs to one engine loop.
public final class WorkerTeam: Sendable {
    /// Members, the caller included.
    public let count: Int
    private let crew: Crew
    private let threads: [pthread_t]
    /// Whose threads these are, where they are not the team's own.
    private let main: WorkerTeam?

    /// Starts `count - 1` threads that wait for work.
    ///
    /// - Parameter count: Members of the team, at least 1. More than the machine has physical cores never helps.
    public init(count: Int) {
        self.count = max(1, count)
        let crew = Crew(count: self.count)
        self.crew = crew
        main = nil
        var started: [pthread_t] = []
        for member in 1..<max(1, self.count) {
            let start = Unmanaged.passRetained(Start(crew: crew, member: member))
            var thread = pthread_t()
            let status = pthread_create(&thread, nil, { WorkerTeam.threadMain($0) }, start.toOpaque())
            // A member that cannot be started would leave every region waiting for it.
            precondition(status == 0, "the system refused a worker thread (error \(status))")
            started.append(thread)
        }
        threads = started
    }

    /// A second team of the same threads, for the chain of steps that runs beside those of `main`. While no such chain
    /// runs it is the same as `main`.
    public init(beside main: WorkerTeam) {
        count = main.count
        crew = Crew(count: main.count)
        threads = []
        self.main = main
    }

    deinit {
        if main == nil { crew.stop() }
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
        if let main, !crew.isBeside { return main.run(with: context, body) }
        let present = crew.presentMembers()
        guard present > 1 else {
            body(context, Member(index: 0, count: 1, crew: crew))
            return
        }
        withUnsafePointer(to: Region(context: context, body: body)) { region in
            crew.open(UnsafeRawPointer(region), Region<Context>.enter, members: present)
            body(context, Member(index: 0, count: present, crew: crew))
            crew.finishAndWait()
        }
    }

    /// Runs two chains of steps that need nothing of each other, and returns when both are over.
    ///
    /// One of the threads runs the other chain, the rest this one's; when this chain is over they help the other. Where
    /// one chain waits for memory and the other for arithmetic, both together take less time than one after the other.
    /// Without a thread to spare the other chain runs first.
    ///
    /// - Parameters:
    ///   - context: What both chains work on.
    ///   - chain: Steps on this team. Must capture nothing.
    ///   - other: The team made by ``init(beside:)`` for this one.
    ///   - otherChain: Steps on the other team, on a thread of its own. Must capture nothing.
    /// - Returns: Whether they ran at the same time.
    @discardableResult
    public func run<Context>(
        with context: Context, _ chain: (Context) -> Void, beside other: WorkerTeam,
        _ otherChain: @escaping (Context) -> Void
    ) -> Bool {
        precondition(other.main === self, "a team of other threads")
        guard crew.presentMembers() == count, count > 1 else {
            otherChain(context)
            chain(context)
            return false
        }
        typealias Whole = Region<(context: Context, chain: (Context) -> Void)>
        let whole = Whole(context: (context, otherChain)) { work, _ in work.chain(work.context) }
        withUnsafePointer(to: whole) { whole in
            crew.lendMember(to: other.crew, UnsafeRawPointer(whole), Whole.enter)
            chain(context)
            run(with: other.crew) { crew, _ in crew.help() }
            other.crew.endBeside()
        }
        return true
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
        start.crew.serve(member: start.member)
        return nil
    }

    private final class Start: Sendable {
        let crew: Crew
        let member: Int

        init(crew: Crew, member: Int) {
            self.crew = crew
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
    /// How many take part: all of the team, those that are not with another chain of steps, or the caller alone.
    public let count: Int
    private let crew: Crew

    init(index: Int, count: Int, crew: Crew) {
        self.index = index
        self.count = count
        self.crew = crew
    }

    /// Waits until every member has arrived: separates the phases of a region. All of them must come.
    public func meetOthers() { if count > 1 { crew.meet(member: index) } }

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
