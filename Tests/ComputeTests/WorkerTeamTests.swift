import Foundation
import Synchronization
import Testing

@testable import Compute

struct WorkerTeamTests {
    @Test(arguments: [1, 2, 3, 5]) func everyMemberRunsEveryRegion(count: Int) {
        let team = WorkerTeam(count: count)
        let runs = Atomic<Int>(0)
        let expected = Atomic<Int>(0)
        for _ in 0..<200 {
            team.run { member in
                runs.add(1, ordering: .relaxed)
                // On a busy machine the caller may work alone for a while.
                if member.index == 0 { expected.add(member.count, ordering: .relaxed) }
            }
        }
        #expect(runs.load(ordering: .relaxed) == expected.load(ordering: .relaxed))
    }

    @Test func sharesCoverEverythingOnce() {
        for total in [0, 1, 7, 16, 33, 100] {
            for unit in [1, 4, 16] {
                var covered: [Int] = []
                for member in 0..<3 {
                    covered += Member.share(of: total, unit: unit, member: member, count: 3)
                }
                #expect(covered == Array(0..<total))
            }
        }
    }

    @Test func barrierSeparatesPhases() {
        let team = WorkerTeam(count: 4)
        let arrived = Atomic<Int>(0)
        let early = Atomic<Int>(0)
        for round in 1...100 {
            team.run { member in
                arrived.add(1, ordering: .relaxed)
                member.meetOthers()
                // The caller stands for all where it works alone.
                if member.count == 1 { arrived.add(3, ordering: .relaxed) }
                if arrived.load(ordering: .relaxed) < 4 * round { early.add(1, ordering: .relaxed) }
                member.meetOthers()
            }
        }
        #expect(early.load(ordering: .relaxed) == 0)
    }

    @Test func callerWorksAloneWhileItsTeamIsLate() {
        let team = WorkerTeam(count: 3)
        let sizes = Mutex<[Int]>([])
        func region(late seconds: Double) {
            team.run { member in
                if member.index == 0 { sizes.withLock { $0.append(member.count) } }
                if member.index == 2 { Thread.sleep(forTimeInterval: seconds) }
            }
        }
        region(late: 0.03)
        region(late: 0)
        Thread.sleep(forTimeInterval: Double(Attendance.longestRest) / 1e9)
        region(late: 0)
        #expect(sizes.withLock { $0 } == [3, 1, 3])
    }
}

struct AttendanceTests {
    private static let ms: Attendance.Time = 1_000_000

    @Test func shortWaitsAreNoReasonToRest() {
        var attendance = Attendance()
        for wait in 0..<1000 as Range<Attendance.Time> {
            // 9 of every 20 ms.
            attendance.note(waitFrom: (20 * wait + 5) * Self.ms, to: (20 * wait + 14) * Self.ms)
            #expect(!attendance.isResting)
        }
    }

    @Test func manyWaitsTogetherAre() {
        var attendance = Attendance()
        for wait in 0..<5 as Range<Attendance.Time> {
            #expect(!attendance.isResting)
            attendance.note(waitFrom: (100 + 3 * wait) * Self.ms, to: (102 + 3 * wait) * Self.ms)
        }
        #expect(attendance.isResting)
        attendance.update(at: 163 * Self.ms)
        #expect(attendance.isResting)
        attendance.update(at: 164 * Self.ms)
        #expect(!attendance.isResting)
    }

    /// How long it rests when every try fails at once, and after a second together.
    @Test func everyRestIsLonger() {
        var attendance = Attendance()
        var now = 50 * Self.ms
        var rests: [Attendance.Time] = []
        func rest() {
            attendance.note(waitFrom: now, to: now + 12 * Self.ms)
            now += 12 * Self.ms
            let begin = now
            while attendance.isResting {
                now += Self.ms
                attendance.update(at: now)
            }
            rests.append((now - begin) / Self.ms)
        }
        for _ in 0..<6 { rest() }
        now += 1100 * Self.ms
        rest()
        #expect(rests == [50, 100, 200, 400, 800, 800, 50])
    }
}

/// Two chains of steps at the same time.
struct BesideTests {
    /// What the chains of a test share.
    private final class Work: Sendable {
        let team: WorkerTeam
        let other: WorkerTeam
        let sums = Mutex<[Int]>([])
        /// Most members that a region of each chain had.
        let widest = Mutex<(chain: Int, other: Int)>((0, 0))
        let chainSteps: Int
        let otherSteps: Int

        init(threads: Int, chainSteps: Int, otherSteps: Int) {
            team = WorkerTeam(count: threads)
            other = WorkerTeam(beside: team)
            (self.chainSteps, self.otherSteps) = (chainSteps, otherSteps)
        }

        /// Regions with a barrier, whose sum is known.
        func steps(_ count: Int, on team: WorkerTeam, isOther: Bool) {
            for step in 0..<count {
                let sum = Atomic<Int>(0)
                team.run { member in
                    for item in member.share(of: 100, unit: 1) { sum.add(item, ordering: .relaxed) }
                    member.meetOthers()
                    let isWhole = sum.load(ordering: .relaxed) == 4950
                    if !isWhole { sums.withLock { $0.append(step) } }
                    guard member.index == 0 else { return }
                    widest.withLock {
                        if isOther {
                            $0.other = max($0.other, member.count)
                        } else {
                            $0.chain = max($0.chain, member.count)
                        }
                    }
                }
            }
        }

        @discardableResult func run() -> Bool {
            team.run(with: self, { $0.steps($0.chainSteps, on: $0.team, isOther: false) }, beside: other) {
                $0.steps($0.otherSteps, on: $0.other, isOther: true)
            }
        }
    }

    @Test(arguments: [1, 2, 3, 5], [(0, 0), (300, 1), (1, 300), (200, 200)])
    func bothChainsRunWhole(threads: Int, steps: (Int, Int)) {
        let work = Work(threads: threads, chainSteps: steps.0, otherSteps: steps.1)
        for _ in 0..<20 {
            let together = work.run()
            if threads == 1 { #expect(!together) }
            // Between two of them the other team is the same as the team.
            work.steps(3, on: work.other, isOther: false)
            work.steps(3, on: work.team, isOther: false)
        }
        #expect(work.sums.withLock { $0 } == [], "a barrier let somebody through, or a share was left out")
        #expect(work.widest.withLock { $0.chain } <= threads && work.widest.withLock { $0.other } <= threads)
    }

    /// Each runs while the other does, and whoever is through helps.
    @Test func theyRunTogetherAndHelpEachOther() {
        final class Meeting: Sendable {
            let team: WorkerTeam
            let other: WorkerTeam
            let arrived = Atomic<Int>(0)
            let members = Atomic<Int>(0)

            init(_ team: WorkerTeam) { (self.team, other) = (team, WorkerTeam(beside: team)) }

            /// Waits until the other chain is here, too.
            func meet() {
                arrived.add(1, ordering: .sequentiallyConsistent)
                while arrived.load(ordering: .sequentiallyConsistent) < 2 { Thread.sleep(forTimeInterval: 0.001) }
            }
        }
        let meeting = Meeting(WorkerTeam(count: 3))
        let together = meeting.team.run(with: meeting, { $0.meet() }, beside: meeting.other) { meeting in
            meeting.meet()
            // The others have nothing to do now: sooner or later they are all here.
            while meeting.members.load(ordering: .relaxed) < 3 {
                meeting.other.run(with: meeting) { meeting, member in
                    if member.index == 0 { meeting.members.store(member.count, ordering: .relaxed) }
                }
            }
        }
        #expect(together)
        #expect(meeting.members.load(ordering: .relaxed) == 3)
    }
}
