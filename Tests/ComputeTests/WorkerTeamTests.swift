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
