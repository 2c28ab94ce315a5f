import Compute
import Synchronization
import Testing

struct WorkerTeamTests {
    @Test(arguments: [1, 2, 3, 5]) func everyMemberRunsEveryRegion(count: Int) {
        let team = WorkerTeam(count: count)
        let runs = Atomic<Int>(0)
        for _ in 0..<200 { team.run { _, _ in runs.add(1, ordering: .relaxed) } }
        #expect(runs.load(ordering: .relaxed) == 200 * count)
    }

    @Test func sharesCoverEverythingOnce() {
        for total in [0, 1, 7, 16, 33, 100] {
            for unit in [1, 4, 16] {
                var covered: [Int] = []
                for member in 0..<3 {
                    covered += WorkerTeam.share(of: total, unit: unit, member: member, count: 3)
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
            team.run { _, barrier in
                arrived.add(1, ordering: .relaxed)
                barrier.wait()
                if arrived.load(ordering: .relaxed) < 4 * round { early.add(1, ordering: .relaxed) }
                barrier.wait()
            }
        }
        #expect(early.load(ordering: .relaxed) == 0)
    }
}
