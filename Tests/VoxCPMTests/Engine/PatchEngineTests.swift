import Checkpoint
import Compute
import Testing

@testable import VoxCPM

/// Sequences beside each other against the same ones alone, to the bit.
struct PatchEngineTests {
    @Test(arguments: Precision.allCases, [1, 2, 3, 8, 16])
    func neighboursDoNotMatter(precision: Precision, batch: Int) throws {
        try check(try ReferenceModel.load("v15", precision: precision, threads: 1), batch: batch, seed: UInt64(batch))
    }

    @Test(arguments: [2, 3]) func neighboursDoNotMatterWhateverTheThreads(threads: Int) throws {
        try check(try ReferenceModel.load("v05b", precision: .int8, threads: threads), batch: 5, seed: 77)
    }

    /// Fills an engine, then lets sequences join, pause and leave at random between steps, and compares each with itself alone.
    private func check(_ model: VoxCPMModel, batch: Int, seed: UInt64) throws {
        var random = RandomRequests(model, seed: seed)
        let requests = (0..<batch + 5).map { _ in random.next() }
        let engine = try PatchEngine(model, EngineCapacity(sequences: batch, positions: 48))
        var spoken = Array(repeating: Spoken(), count: requests.count)
        var running: [SequenceID: Int] = [:]
        var removed: Set<Int> = []
        var waiting = Array(requests.indices)
        var most = 0
        var paused: SequenceID?
        while !waiting.isEmpty || !running.isEmpty {
            while let index = waiting.first, running.count < batch, most < batch || random.below(3) > 0 {
                running[try engine.admit(requests[index])] = index
                waiting.removeFirst()
                most = max(most, running.count)
            }
            for made in try engine.step() {
                let index = try #require(running[made.id])
                #expect(made.patch.index == spoken[index].latents.count)
                spoken[index].add(made.patch)
                guard let reason = made.finishReason else { continue }
                spoken[index].finishReason = reason
                running[made.id] = nil
            }
            if random.below(6) == 0, let (id, index) = running.min(by: { $0.value < $1.value }) {
                engine.remove(id)
                removed.insert(index)
                running[id] = nil
            }
            // A paused sequence keeps its place and goes on later as if nothing had been.
            if let id = paused { engine.resume(id) }
            paused = random.below(2) == 0 ? running.max { $0.value < $1.value }?.key : nil
            if let id = paused { engine.pause(id) }
            #expect(engine.sequenceCount == running.count - (paused == nil ? 0 : 1))
            #expect(engine.freePlaces == batch - running.count)
        }
        #expect(most == batch, "the engine was never full")
        for (index, request) in requests.enumerated() {
            let alone = try Spoken.alone(model, request)
            if removed.contains(index) {
                #expect(spoken[index].begins(alone), "sequence \(index)")
            } else {
                #expect(spoken[index] == alone, "sequence \(index)")
            }
        }
    }

    @Test func whatASequenceLeavesIsNeverSeen() throws {
        let model = try ReferenceModel.load("v15")
        var random = RandomRequests(model, seed: 5)
        let engine = try PatchEngine(model, EngineCapacity(sequences: 2, positions: 48))
        for cache in [engine.arena.semantic, engine.arena.residual] {
            for layer in 0..<cache.layerCount {
                cache.keys(layer: layer, 0..<cache.slots).fill(.nan)
                cache.values(layer: layer, 0..<cache.slots).fill(.nan)
            }
        }
        for _ in 0..<6 {
            let request = random.next()
            let id = try engine.admit(request)
            var spoken = Spoken()
            while spoken.finishReason == nil, let made = try engine.step().first(where: { $0.id == id }) {
                spoken.add(made.patch)
                spoken.finishReason = made.finishReason
            }
            #expect(spoken == (try Spoken.alone(model, request)))
        }
    }

    @Test(arguments: [1, 4]) func pausesAreNotHeard(batch: Int) throws {
        let model = try ReferenceModel.load("v15", threads: 1)
        var random = RandomRequests(model, seed: 31)
        let engine = try PatchEngine(model, EngineCapacity(sequences: batch, positions: 48))
        for _ in 0..<3 {
            let requests = (0..<batch).map { _ in random.next() }
            var spoken: [SequenceID: Spoken] = [:]
            let ids = try requests.map { try engine.admit($0) }
            var running = Set(ids)
            while !running.isEmpty {
                for id in running {
                    if random.below(2) == 0 { engine.pause(id) } else { engine.resume(id) }
                    engine.resume(SequenceID(number: -1))
                }
                #expect(engine.freePlaces == batch - running.count)
                for made in try engine.step() {
                    spoken[made.id, default: Spoken()].add(made.patch)
                    guard let reason = made.finishReason else { continue }
                    spoken[made.id]?.finishReason = reason
                    running.remove(made.id)
                }
            }
            for (id, request) in zip(ids, requests) { #expect(spoken[id] == (try Spoken.alone(model, request))) }
        }
    }

    @Test func aPausedSequenceKeepsItsPlaceUntilItIsRemoved() throws {
        let model = try ReferenceModel.load("v15")
        let engine = try PatchEngine(model, EngineCapacity(sequences: 1, positions: 30))
        let request = GenerationRequest(tokens: [300, 301])
        let id = try engine.admit(request)
        engine.pause(id)
        engine.pause(id)
        #expect(try engine.step().isEmpty)
        #expect(throws: VoxCPMError.engineFull(sequences: 1)) { try engine.admit(request) }
        engine.remove(id)
        engine.resume(id)
        #expect(engine.sequenceCount == 0 && engine.freePlaces == 1)
        _ = try engine.admit(request)
    }

    @Test func aFullEngineRefusesAndTakesTheNextWhenOneHasLeft() throws {
        let model = try ReferenceModel.load("v15")
        let engine = try PatchEngine(model, EngineCapacity(sequences: 2, positions: 30))
        var request = GenerationRequest(tokens: [300, 301])
        request.steps = 2
        request.minPatches = 100
        let first = try engine.admit(request)
        _ = try engine.admit(request)
        #expect(throws: VoxCPMError.engineFull(sequences: 2)) { try engine.admit(request) }
        engine.remove(first)
        engine.remove(first)
        #expect(engine.sequenceCount == 1)
        let third = try engine.admit(request)
        #expect(try engine.step().map(\.id).contains(third))
    }

    @Test func aRefusedRequestTakesNoPlace() throws {
        let model = try ReferenceModel.load("v15")
        let engine = try PatchEngine(model, EngineCapacity(sequences: 1, positions: 30))
        let vocabulary = model.configuration.languageModel.vocabularySize
        for _ in 0..<3 {
            #expect(throws: VoxCPMError.tokenOutOfRange(vocabulary, vocabulary: vocabulary)) {
                try engine.admit(GenerationRequest(tokens: [300, vocabulary]))
            }
            #expect(throws: VoxCPMError.inputTooLong(positions: 31, limit: 30)) {
                try engine.admit(GenerationRequest(tokens: Array(repeating: 300, count: 30)))
            }
            #expect(throws: VoxCPMError.emptyText) { try engine.admit(GenerationRequest(tokens: [])) }
        }
        #expect(engine.sequenceCount == 0)
        _ = try engine.admit(GenerationRequest(tokens: [300]))
    }

    @Test func aSequenceEndsWhereItsSlabEnds() throws {
        let engine = try PatchEngine(try ReferenceModel.load("v15"), EngineCapacity(sequences: 2, positions: 12))
        var request = GenerationRequest(tokens: Array(repeating: 300, count: 9))
        request.minPatches = 100
        request.steps = 2
        let id = try engine.admit(request)
        var reason: FinishReason?
        var patches = 0
        while reason == nil {
            let made = try #require(try engine.step().first)
            #expect(made.id == id)
            reason = made.finishReason
            patches += 1
        }
        #expect(reason == .contextFull)
        #expect(patches == 3)
        #expect(try engine.step().isEmpty)
    }

    @Test func anAbandonedGenerationGivesItsPlaceBack() throws {
        let model = try ReferenceModel.load("v15")
        let engine = try PatchEngine(model, EngineCapacity(positions: 40))
        var request = GenerationRequest(tokens: [300, 301])
        request.steps = 2
        request.minPatches = 100
        var generation: Generation? = try Generation(engine, request)
        _ = try generation?.next()
        let second = try Generation(engine, request)
        #expect(throws: VoxCPMError.engineFull(sequences: 1)) { try second.next() }
        generation = nil
        #expect(try second.next()?.index == 0)
        #expect(second.timings.total > 0 && second.timings.total <= engine.timings.total)
    }

    @Test func bothLanguageModelsShareTheirRotaryTable() throws {
        let model = try ReferenceModel.load("v15")
        let tables = [model.semanticLM.language, model.residualLM.language].map(\.transformer.rotary)
        #expect(try #require(tables[0]).cosines.storage === tables[1]?.cosines.storage)
    }
}

/// The memory plan against the dimensions of the model, and against what an engine lays out.
struct MemoryPlanTests {
    @Test func saysWhatAnEngineLaysOut() throws {
        let model = try ReferenceModel.load("v15")
        let capacity = EngineCapacity(sequences: 3, positions: 100)
        let plan = try MemoryPlan(model, capacity)
        let engine = try PatchEngine(model, capacity)
        #expect(plan.totalBytes == engine.memoryBytes)
        let caches = [engine.arena.semantic, engine.arena.residual]
        let keysAndValues = caches.reduce(0) { sum, cache in
            (0..<cache.layerCount).reduce(sum) { sum, layer in
                sum + cache.keys(layer: layer, 0..<cache.slots).storage.count
                    + cache.values(layer: layer, 0..<cache.slots).storage.count
            }
        }
        #expect(plan.keyValueBytesPerSequence * 3 == keysAndValues * 4)
    }

    @Test func growsWithSequencesAndPositions() throws {
        let model = try ReferenceModel.load("v15")
        let small = try MemoryPlan(model, EngineCapacity(sequences: 1, positions: 100))
        let long = try MemoryPlan(model, EngineCapacity(sequences: 1, positions: 200))
        let wide = try MemoryPlan(model, EngineCapacity(sequences: 8, positions: 100))
        #expect(long.keyValueBytesPerSequence == 2 * small.keyValueBytesPerSequence)
        #expect(wide.keyValueBytesPerSequence == small.keyValueBytesPerSequence)
        #expect(wide.decoderBytesPerSequence == small.decoderBytesPerSequence)
        #expect(wide.totalBytes > small.totalBytes)
    }

    @Test(arguments: [(0, 100), (65, 100), (1, 1), (1, 257)])
    func refusesWhatNoEngineCanBe(sequences: Int, positions: Int) throws {
        let model = try ReferenceModel.load("v15")
        let capacity = EngineCapacity(sequences: sequences, positions: positions)
        #expect(throws: VoxCPMError.self) { try MemoryPlan(model, capacity) }
        #expect(throws: VoxCPMError.self) { try PatchEngine(model, capacity) }
    }
}
