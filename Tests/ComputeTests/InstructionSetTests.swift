import Compute
import Testing

/// What this machine can run, and how it is chosen.
struct InstructionSetTests {
    @Test func theBestComesFirstAndScalarLast() throws {
        let available = InstructionSet.available
        #expect(available.last?.name == "scalar")
        #expect(available.count >= 2, "every machine that Mynah supports has vectors")
        #expect(try InstructionSet.named(nil) == available.first)
        #expect(try InstructionSet.named("") == available.first)
        #expect(!InstructionSet.processorFeatures.isEmpty)
    }

    @Test func aFamilyGivesItsBestMember() throws {
        for set in InstructionSet.available {
            #expect(try InstructionSet.named(set.name) == set)
            let best = InstructionSet.available.first { $0.family == set.family }
            #expect(try InstructionSet.named(set.family) == best)
            #expect(try CPUBackend(team: WorkerTeam(count: 1), instructionSet: set.family).instructionSet == best?.name)
        }
    }

    @Test(arguments: ["sse9", "AVX2", "avx2 ", "best"]) func refusesWhatThisMachineLacks(name: String) {
        #expect(throws: ComputeError.instructionSetUnavailable(name, choices: InstructionSet.choices)) {
            try CPUBackend(team: WorkerTeam(count: 1), instructionSet: name)
        }
    }

    @Test func theRefusalNamesWhatThereIs() {
        let words = ComputeError.instructionSetUnavailable("abacus", choices: InstructionSet.choices).description
        #expect(words.contains("abacus"))
        for set in InstructionSet.available { #expect(words.contains(set.name) && words.contains(set.family)) }
    }
}
